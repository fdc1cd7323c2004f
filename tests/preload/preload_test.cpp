// Every hazard, bare and under the library: status and output are the same, and what happened was
// recorded.
#include <gmock/gmock.h>

#include "tests/preload/hazards.h"
#include "tests/preload/under.h"

namespace sockwatch::preload {
namespace {

using ::testing::IsEmpty;

class Preload : public ::testing::TestWithParam<Hazard> {
 protected:
  void expect_unharmed(const ProgramRun& bare, const char* detail) {
    SCOPED_TRACE(std::string("SOCKWATCH_DETAIL=") + detail);
    const RunDirectory directory;
    const std::vector<std::string> around = shared_memory_names();
    Command command = bare_command(GetParam().command);
    under_library(command, directory,
                  {.before = GetParam().before,
                   .after = GetParam().after,
                   .detail = detail,
                   .follow = GetParam().follow});
    const ProgramRun run = run_program(command);
    expect_same(run, bare);
    if (own_shared_memory()) {
      EXPECT_EQ(shared_memory_names(), around);
    }
    EXPECT_THAT(compare(directory, run, GetParam().recording), IsEmpty());
  }
};

TEST_P(Preload, IsUnharmedAndRecorded) {
  own_shared_memory();
  Command command = bare_command(GetParam().command);
  for (const std::string& word : bare_environment(GetParam())) command.environment.push_back(word);
  const ProgramRun bare = run_program(command);
  if (bare.status == kSkipped) GTEST_SKIP() << bare.out;
  ASSERT_EQ(bare.status, GetParam().status) << bare.out << bare.err;
  expect_unharmed(bare, "");
  expect_unharmed(bare, "calls");
}

std::string name_of(const ::testing::TestParamInfo<Hazard>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Calls, Preload, ::testing::ValuesIn(hazards_of_calls()), name_of);
INSTANTIATE_TEST_SUITE_P(Life, Preload, ::testing::ValuesIn(hazards_of_life()), name_of);

}  // namespace
}  // namespace sockwatch::preload
