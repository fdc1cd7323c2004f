// What an executable file says about itself, as far as it decides whether a preloaded library can
// see the program. The file may be anything: every offset and count in it is distrusted.
#pragma once

#include <string>
#include <vector>

#include "collector/support/result.h"

namespace sockwatch::launch {

enum class FileKind {
  native_elf,   // same class, byte order and machine as we are
  foreign_elf,  // an ELF file for another machine or word size
  damaged_elf,  // begins as one, but its tables lie outside the file
  script,       // begins with #!
  other,        // anything else; execvp(3) hands it to /bin/sh
};

struct ExecutableFacts {
  FileKind kind = FileKind::other;
  bool readable = true;             // false: execute permission only, nothing is known
  std::string interpreter;          // PT_INTERP of an ELF file, or the program after #!
  std::string script_argument;      // the one argument a #! line may carry
  bool go = false;                  // built by the Go tool chain, static or not
  std::vector<std::string> needed;  // DT_NEEDED
};

// An error only where the file cannot be opened at all for another reason than permission.
Result<ExecutableFacts> read_executable(const std::string& path);

}  // namespace sockwatch::launch
