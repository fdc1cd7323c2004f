// Memory of our own in the program's address space.
#pragma once

#include <cstddef>

namespace sockwatch::shim {

// As mmap(2), PROT_READ | PROT_WRITE, with `flags`; a failure is returned as -errno. Away from
// where the kernel places what a program maps, because some look for a hole there and come back to
// it later; not locked (MCL_FUTURE), which would fill all of it at once; and not in its core files.
long map_own(std::size_t size, int flags, long fd);

}  // namespace sockwatch::shim
