// The environment a program needs to run under the library, and the comparison with its bare run.
#pragma once

#include <string>
#include <vector>

#include "tests/preload/run_directory.h"
#include "tests/preload/run_program.h"

namespace sockwatch::preload {

inline constexpr int kSkipped =
    77;  // exit status of a program that cannot be tried here; stdout says why

// `words`: a program of programs/ (or an absolute path), then its arguments.
Command bare_command(const std::vector<std::string>& words);

struct Surroundings {
  std::vector<std::string> before = {};  // other libraries of LD_PRELOAD
  std::vector<std::string> after = {};
  std::string detail = "";  // SOCKWATCH_DETAIL
  bool follow = false;      // SOCKWATCH_FOLLOW
};
void under_library(Command& command, const RunDirectory& directory,
                   const Surroundings& surroundings = {});

// Same status, same words on both streams (EXPECT_ of GoogleTest).
void expect_same(const ProgramRun& run, const ProgramRun& bare);

}  // namespace sockwatch::preload
