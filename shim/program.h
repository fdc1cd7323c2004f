// Whether a file, executed, will load the library: what the kernel and the loader go by, and no
// more.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sockwatch::shim::program {

enum class Loads : std::uint8_t {
  yes,
  not_known,      // it cannot be read, or is no ELF file and no script
  cannot_run,     // there is no such file, or it may not be executed
  is_static,      // no loader
  other_machine,  // or word size
  other_libc,
  privileged,  // the loader ignores LD_PRELOAD for it
  is_go,       // perhaps, and it is of little use: the program makes its own system calls
};

// Whether the program of this process was made by the Go compiler: it says so in a note that is
// loaded with it (since Go 1.5, and unless it was linked with an empty build id). Asks the kernel
// once or twice whether the notes can be read.
bool is_go();

// `path` below `directory` (AT_FDCWD, or a descriptor); scripts are followed to the interpreter.
// `image` gets the path of the file whose image it will be, no NUL, cut at `size`; returns its
// length. A few system calls, one descriptor meanwhile; 1 KiB of stack. The caller holds signals
// back and knows that `path` can be read.
Loads inspect(int directory, const char* path, char* image, std::size_t size, std::size_t& length);

}  // namespace sockwatch::shim::program
