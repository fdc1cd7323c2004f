#include "viewer/launch/trace_file.h"

#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>

#include <set>
#include <thread>

#include "tests/unit/viewer/launch/temporary_directory.h"

namespace sockwatch::launch {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST(DefaultTraceName, IsMadeOfProgramAndTime) {
  EXPECT_THAT(default_trace_name("/usr/bin/curl", std::time(nullptr)),
              MatchesRegex("curl-[0-9]{8}-[0-9]{6}\\.sockwatch"));
  EXPECT_THAT(default_trace_name("./my prog\n;x", 0), StartsWith("myprogx-"));
  EXPECT_THAT(default_trace_name("--evil", 0), StartsWith("evil-"));
  EXPECT_THAT(default_trace_name("/bin/[", 0), StartsWith("trace-"));
  EXPECT_LT(default_trace_name(std::string(5000, 'a'), 0).size(), 140u);
}

TEST(ReserveTrace, NeverGivesANameTwice) {
  TemporaryDirectory directory;
  constexpr int kThreads = 8;
  std::vector<std::string> paths(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const auto trace = reserve_in({directory.path()}, "curl-1.sockwatch");
      if (trace) paths[i] = trace->path;
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> expected = {directory / "curl-1.sockwatch"};
  for (int i = 2; i <= kThreads; ++i) {
    expected.insert(directory / ("curl-1-" + std::to_string(i) + ".sockwatch"));
  }
  EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()), expected);
}

TEST(ReserveTrace, TakesTheNextDirectoryWhereTheFirstCannotBeUsed) {
  TemporaryDirectory directory;
  const auto trace = reserve_in({directory / "missing", directory.path()}, "x.sockwatch");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->path, directory / "x.sockwatch");
  EXPECT_TRUE(trace->elsewhere);
  const auto none = reserve_in({directory / "missing"}, "x.sockwatch");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("No such file"));
}

TEST(ReserveTrace, ANamedOneIsNotReplacedUnlessForced) {
  TemporaryDirectory directory;
  const std::string path = directory / "t.sockwatch";
  const auto fresh = reserve_named_trace(path, false);
  ASSERT_TRUE(fresh);
  EXPECT_TRUE(fresh->reserved);
  const auto again = reserve_named_trace(path, false);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("exists"));
  EXPECT_THAT(again.error().hint, HasSubstr("--force"));
  const auto forced = reserve_named_trace(path, true);
  ASSERT_TRUE(forced);
  EXPECT_FALSE(forced->reserved) << "what was there before must not be removed on failure";
}

// Not even by force: it would be renamed away or filled.
TEST(ReserveTrace, ADeviceHoldsNoTrace) {
  for (const bool force : {false, true}) {
    const auto trace = reserve_named_trace("/dev/null", force);
    ASSERT_FALSE(trace);
    EXPECT_THAT(trace.error().message, HasSubstr("no regular file"));
    EXPECT_THAT(trace.error().hint, HasSubstr("-o"));
  }
}

// --force would not help, and the name is one for a shell.
TEST(ReserveTrace, ADirectoryIsToldToBeOne) {
  TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "my traces");
  for (const char* name : {"my traces", "my traces/"}) {
    for (const bool force : {false, true}) {
      const auto trace = reserve_named_trace(directory / name, force);
      ASSERT_FALSE(trace);
      EXPECT_THAT(trace.error().message, HasSubstr("is a directory"));
      EXPECT_THAT(trace.error().hint, HasSubstr("/my traces/trace.sockwatch'"));
      EXPECT_THAT(trace.error().hint, ::testing::Not(HasSubstr("--force")));
    }
  }
}

TEST(ReserveTrace, AFileSystemThatTakesNoFilesIsNotMissing) {
  const auto trace = reserve_named_trace("/proc/x", false);
  ASSERT_FALSE(trace);
  EXPECT_THAT(trace.error().hint, ::testing::Not(HasSubstr("mkdir")));
  EXPECT_THAT(trace.error().hint, HasSubstr("another directory"));
}

TEST(ReserveTrace, QuotesTheDirectoryInItsCommand) {
  TemporaryDirectory directory;
  const auto trace = reserve_named_trace(directory / "it's $(reboot)/t", false);
  ASSERT_FALSE(trace);
  EXPECT_THAT(trace.error().hint, HasSubstr(R"(it'\''s $(reboot)')"));
}

TEST(ReserveTrace, SaysWhatIsWrongWithTheDirectory) {
  TemporaryDirectory directory;
  const auto missing = reserve_named_trace(directory / "no/t.sockwatch", false);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().hint, HasSubstr("mkdir -p"));
  const auto file = directory.write("file", "", 0644);
  EXPECT_FALSE(reserve_named_trace(file + "/t", false));
}

}  // namespace
}  // namespace sockwatch::launch
