// Every hazard once more under valgrind: with the library it must find nothing that it does not
// find without.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "tests/preload/hazards.h"
#include "tests/preload/under.h"

namespace sockwatch::preload {
namespace {

using ::testing::IsEmpty;

constexpr char kValgrind[] = "/usr/bin/valgrind";

// First lines of complaints ("==PID== Invalid read of size 4") and remarks ("--PID-- ..."). The
// stacks below them differ: ours is a frame more. A warning that names a number names it once.
std::set<std::string> complaints(const std::string& err) {
  static const std::regex headline(R"(^(?:==|--)\d+(?:==|--) (\S.*)$)");
  std::set<std::string> found;
  std::istringstream lines(err);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, headline)) found.insert(match[1]);
  }
  return found;
}

class UnderValgrind : public ::testing::TestWithParam<Hazard> {};

TEST_P(UnderValgrind, FindsNothingNew) {
  if (!std::filesystem::exists(kValgrind)) GTEST_SKIP() << "valgrind is not installed";
  own_shared_memory();
  const Hazard& hazard = GetParam();
  Command command = bare_command(hazard.command);
  command.arguments.insert(command.arguments.begin(), {kValgrind, "--quiet", "--vgdb=no"});
  command.limit = std::chrono::seconds(12);  // some wait there for what never comes, bare too
  Command alone = command;
  for (const std::string& word : bare_environment(hazard)) alone.environment.push_back(word);
  const ProgramRun bare = run_program(alone);
  if (bare.status != hazard.status) {
    GTEST_SKIP() << "valgrind cannot run the bare program (status " << bare.status
                 << "): " << bare.out << bare.err;
  }
  const RunDirectory directory;
  command.limit = std::chrono::seconds(100);
  under_library(command, directory, {.before = hazard.before, .after = hazard.after});
  const ProgramRun run = run_program(command);
  EXPECT_FALSE(run.timed_out);
  EXPECT_EQ(run.status, bare.status) << run.err;
  EXPECT_EQ(run.out, bare.out);
  const std::set<std::string> before = complaints(bare.err);
  std::vector<std::string> fresh;
  std::ranges::set_difference(complaints(run.err), before, std::back_inserter(fresh));
  EXPECT_THAT(fresh, IsEmpty()) << run.err;
  if (hazard.recording.fewest_segments != 0) {
    EXPECT_GE(directory.files().size(), 1U);
  }
}

std::string name_of(const ::testing::TestParamInfo<Hazard>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Calls, UnderValgrind, ::testing::ValuesIn(hazards_of_calls()), name_of);
INSTANTIATE_TEST_SUITE_P(Life, UnderValgrind, ::testing::ValuesIn(hazards_of_life()), name_of);

}  // namespace
}  // namespace sockwatch::preload
