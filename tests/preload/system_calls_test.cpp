// What the library costs in system calls, counted by strace between two marks the program sets
// itself.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>

#include "tests/preload/under.h"

namespace sockwatch::preload {
namespace {

using Counts = std::map<std::string, long>;

// Calls by name between the first and the second getsid of a trace.
Counts counts_between_marks(const std::filesystem::path& trace) {
  static const std::regex call(R"(^(?:\d+\s+)?(\w+)\()");
  Counts counts;
  int marks = 0;
  std::ifstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (!std::regex_search(line, match, call)) continue;
    if (match[1] == "getsid") {
      ++marks;
    } else if (marks == 1) {
      ++counts[match[1]];
    }
  }
  return marks == 2 ? counts : Counts{{"no marks", marks}};
}

class SystemCalls : public ::testing::Test {
 protected:
  void SetUp() override {
    own_shared_memory();
    if (!std::filesystem::exists(kStrace)) GTEST_SKIP() << "strace is not installed";
    if (run_program(bare_command({kStrace, "-o", "/dev/null", "/bin/true"})).status != 0) {
      GTEST_SKIP() << "strace is not permitted here";
    }
  }

  Counts bare(const std::string& what) { return counts(what, nullptr); }
  Counts under(const std::string& what, const char* detail = "") { return counts(what, detail); }

 protected:
  static constexpr char kStrace[] = "/usr/bin/strace";

  Counts counts(const std::string& what, const char* detail, const char* program = "quiet") {
    const RunDirectory directory;
    const RunDirectory own;
    const std::filesystem::path trace = own.path() / "trace";
    Command command = bare_command({kStrace, "-f", "-o", trace.string()});
    if (detail != nullptr) {
      // Into the traced program only: strace itself is not what is measured.
      Command with = bare_command({"quiet"});
      under_library(with, directory, {.detail = detail});
      for (const std::string& variable : with.environment) {
        command.arguments.insert(command.arguments.end(), {"-E", variable});
      }
    }
    for (const std::string& word : bare_command({program, what}).arguments)
      command.arguments.push_back(word);
    const ProgramRun run = run_program(command);
    EXPECT_EQ(run.status, 0) << run.err;
    return counts_between_marks(trace);
  }
};

// An idle process makes not one call because of us; nor do calls on what is no socket of interest.
TEST_F(SystemCalls, NoneWhileIdle) { EXPECT_EQ(under("idle"), bare("idle")); }
TEST_F(SystemCalls, NoneForPipes) { EXPECT_EQ(under("pipes"), bare("pipes")); }

// None per wait, none per transfer: two thousand calls may cost a few in all, when the connection
// moves on.
long added(const Counts& under, const Counts& bare) {
  long sum = 0;
  for (const auto& [name, count] : under) sum += count;
  for (const auto& [name, count] : bare) sum -= count;
  return sum;
}
TEST_F(SystemCalls, NonePerWait) {
  const Counts alone = bare("waits");
  EXPECT_LE(added(under("waits"), alone), 0);
  // Every wait recorded, as transfers below.
  EXPECT_LE(added(under("waits", "calls"), alone), 1000 / 32);
}
TEST_F(SystemCalls, NoneForOthersBesideAConnection) {
  EXPECT_LE(added(under("others"), bare("others")), 30);
}
TEST_F(SystemCalls, NonePerTransfer) {
  const Counts alone = bare("transfers");
  EXPECT_LE(added(under("transfers"), alone), 4);
  // Every call recorded: memory is asked for as the ring grows, sixty-four events to a page.
  EXPECT_LE(added(under("transfers", "calls"), alone), 1000 / 32);
}

// One of them makes the recording; the others sleep until it is there, and do not look for it again
// and again. The thread that opened the file is looked for fifty times at most.
TEST_F(SystemCalls, FirstConnectsThatComeAtOnceWaitAsleep) {
  Counts counted = counts("200", "", "connect_at_once");
  EXPECT_EQ(counted["connect"], 200);
  EXPECT_LE(counted["nanosleep"], 50);
}

}  // namespace
}  // namespace sockwatch::preload
