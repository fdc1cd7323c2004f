#include "tests/preload/under.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "shim/wire/exec_note.h"
#include "shim/wire/segment.h"
#include "tests/preload/hazards.h"

namespace sockwatch::preload {

Command bare_command(const std::vector<std::string>& words) {
  Command command;
  command.arguments = words;
  if (!words.front().starts_with('/')) command.arguments.front() = program_path(words.front());
  command.environment = {"PATH=/usr/bin:/bin", "LANG=C", "SOME_VARIABLE=some value"};
  return command;
}

void under_library(Command& command, const RunDirectory& directory,
                   const Surroundings& surroundings) {
  std::vector<std::string> libraries = surroundings.before;
  libraries.push_back(SOCKWATCH_LIBRARY);
  libraries.insert(libraries.end(), surroundings.after.begin(), surroundings.after.end());
  command.environment.push_back(fmt::format("LD_PRELOAD={}", fmt::join(libraries, ":")));
  command.environment.push_back(
      fmt::format("{}={}", wire::kDirVariable, directory.path().string()));
  if (!surroundings.detail.empty()) {
    command.environment.push_back(fmt::format("{}={}", wire::kDetailVariable, surroundings.detail));
  }
  if (surroundings.follow)
    command.environment.push_back(fmt::format("{}=1", wire::kFollowVariable));
}

void expect_same(const ProgramRun& run, const ProgramRun& bare) {
  EXPECT_FALSE(run.timed_out);
  EXPECT_EQ(run.status, bare.status);
  EXPECT_EQ(run.out, bare.out);
  EXPECT_EQ(run.err, bare.err);
}

}  // namespace sockwatch::preload
