// Looks at a command before it is started: can it run at all, and can the preloaded library see it?
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "collector/support/result.h"
#include "viewer/launch/elf.h"

namespace sockwatch::launch {

enum class Verdict {
  preload,     // the library will see it
  is_static,   // no dynamic loader, so nobody loads the library
  go,          // makes system calls itself, past the C library
  setuid,      // the loader ignores LD_PRELOAD for it
  other_arch,  // the library is for another machine or word size
  other_libc,  // its C library is not glibc
  unknown,     // may be executed but not read
};

// The word of the trace (column process.coverage). `unknown` is "preload": nothing speaks against.
std::string coverage_word(Verdict verdict);

struct Sight {
  Verdict verdict = Verdict::preload;
  std::string why;   // "'/usr/bin/x' is statically linked", empty for preload
  std::string next;  // what can be done about it, empty for preload
};

struct Program {
  std::string path;                // the file that execvp will take
  std::vector<std::string> chain;  // path, then the interpreters it leads to
  Sight sight;                     // the worst along the chain
  bool shared_asan = false;        // loads the AddressSanitizer runtime as a library
};

struct CannotRun {
  int status = 127;  // 127 not found, 126 not executable
  Error error;
};

// `words` is the command with its arguments, not empty.
std::variant<Program, CannotRun> preflight(const std::vector<std::string>& words);

// The part of it that is about one ELF file, for a program that already runs. `name` is what
// messages call it.
Sight judge_elf(const ExecutableFacts& facts, const std::string& name);

}  // namespace sockwatch::launch
