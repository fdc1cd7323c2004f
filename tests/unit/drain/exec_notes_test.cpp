// Programs that are not seen, as those who started them noted it.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "collector/drain/exec_notes.h"
#include "collector/drain/launch_notes.h"
#include "collector/drain/run_directory.h"
#include "collector/drain/unique_fd.h"
#include "shim/wire/exec_note.h"
#include "tests/unit/drain/collect_fixture.h"

namespace sockwatch::drain {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using wire::ExecNote;
using wire::ExecWhy;

ExecNote note(std::int64_t pid, ExecWhy why, std::string path = "/usr/bin/curl",
              std::string words = std::string("curl\0http://x/\0", 15)) {
  ExecNote result{};
  result.magic = wire::kExecNoteMagic;
  result.t_ns = static_cast<std::uint64_t>(monotonic_ns());
  result.pid = static_cast<std::int32_t>(pid);
  result.ppid = 3;
  result.uid = 5;
  result.tid = static_cast<std::uint32_t>(pid);
  result.why = why;
  result.path_length = static_cast<std::uint16_t>(path.copy(result.path, ExecNote::kPathBytes));
  result.command_line_length =
      static_cast<std::uint16_t>(words.copy(result.command_line, ExecNote::kCommandLineBytes));
  return result;
}

class ExecNotesTest : public CollectTest {
 protected:
  void append(const ExecNote& note, std::size_t bytes = sizeof(ExecNote)) const {
    std::ofstream file(run_ / wire::kExecNotesFile, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(&note), static_cast<std::streamsize>(bytes));
  }
  ExecNotes read() const {
    const auto directory = open_run_directory(run_.path());
    ExecNotes notes;
    notes.read(directory->get());
    return notes;
  }
};

TEST_F(ExecNotesTest, EveryReasonHasItsWord) {
  EXPECT_THAT(read().programs(), IsEmpty());
  const std::map<ExecWhy, std::string> words = {
      {ExecWhy::scrubbed, "no-env"},          {ExecWhy::is_static, "static"},
      {ExecWhy::other_machine, "other-arch"}, {ExecWhy::other_libc, "other-libc"},
      {ExecWhy::privileged, "setuid"},        {ExecWhy::is_go, "go"},
      {ExecWhy::other_root, "other-mounts"},  {ExecWhy::other_user, "other-user"}};
  for (const auto& [why, word] : words) append(note(10, why));
  const auto programs = read().programs();
  ASSERT_THAT(programs, SizeIs(words.size()));
  std::size_t i = 0;
  for (const auto& [why, word] : words) {
    EXPECT_EQ(programs[i].coverage, word);
    EXPECT_EQ(programs[i].pid, 10);
    EXPECT_EQ(programs[i].ppid, 3);
    EXPECT_EQ(programs[i].uid, 5);
    EXPECT_EQ(programs[i].exe, "/usr/bin/curl");
    EXPECT_EQ(programs[i].command_line, "curl http://x/");
    EXPECT_FALSE(programs[i].ended_ns);
    ++i;
  }
}

TEST_F(ExecNotesTest, ACallThatFailedMadeNoProgram) {
  append(note(10, ExecWhy::scrubbed, "/a"));
  append(note(11, ExecWhy::scrubbed, "/b"));
  append(note(11, ExecWhy::scrubbed, "/c"));
  append(note(11, ExecWhy::returned));
  append(note(12, ExecWhy::returned));  // of nothing that was told
  const auto programs = read().programs();
  ASSERT_THAT(programs, SizeIs(2));
  EXPECT_EQ(programs[0].exe, "/a");
  EXPECT_EQ(programs[1].exe, "/b");
  EXPECT_EQ(read().missing(), 0u);
}

TEST_F(ExecNotesTest, NothingInTheFileIsTrusted) {
  append(note(10, ExecWhy::scrubbed, "", ""));
  ExecNote bad = note(10, ExecWhy::scrubbed);
  bad.magic = 1;
  append(bad);
  bad = note(10, ExecWhy::count);
  append(bad);
  bad = note(10, ExecWhy::scrubbed);
  bad.path_length = ExecNote::kPathBytes + 1;
  append(bad);
  bad = note(10, ExecWhy::scrubbed);
  bad.command_line_length = ExecNote::kCommandLineBytes + 1;
  append(bad);
  bad = note(10, ExecWhy::scrubbed);
  bad.t_ns = ~std::uint64_t{0};
  append(bad);
  append(note(0, ExecWhy::scrubbed));
  append(note(10, ExecWhy::scrubbed), 100);  // a piece
  const ExecNotes notes = read();
  ASSERT_THAT(notes.programs(), SizeIs(1));
  EXPECT_FALSE(notes.programs()[0].exe);
  EXPECT_FALSE(notes.programs()[0].command_line);
  EXPECT_EQ(notes.missing(), 6u);
}

TEST_F(ExecNotesTest, WhatIsAppendedIsReadNextTime) {
  const auto directory = open_run_directory(run_.path());
  ExecNotes notes;
  for (std::size_t count = 0; count < 200; count += 40) {
    notes.read(directory->get());
    EXPECT_THAT(notes.programs(), SizeIs(count));
    for (int i = 0; i < 40; ++i) append(note(10, ExecWhy::scrubbed));
  }
}

TEST_F(ExecNotesTest, AFullFileSaysThatSomeAreMissing) {
  append(note(10, ExecWhy::scrubbed));
  std::filesystem::resize_file(run_ / wire::kExecNotesFile, wire::kExecNotesLimit);
  EXPECT_GT(read().missing(), 0u);
}

TEST_F(ExecNotesTest, NoFileBehindALink) {
  std::ofstream(out_ / "elsewhere", std::ios::binary) << std::string(512, 'x');
  std::filesystem::create_symlink(out_ / "elsewhere", run_ / wire::kExecNotesFile);
  EXPECT_EQ(read().missing(), 0u);
}

// One that connected and then became a program that is not seen: two rows, and the first ends where
// the second begins.
TEST_F(ExecNotesTest, TheImageBeforeEndsWithTheExec) {
  Target target([&](int step) {
    if (step == 0) {
      publish_connected(producer(), 0, 6, 1);
      publish_connecting(producer(), 0, 7, 2);
    }
    if (step == 1) append(note(::getpid(), ExecWhy::scrubbed));
  });
  start();
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "connected";
  }));
  target.step();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(2));
  EXPECT_EQ(processes_[0].coverage, "preload");
  EXPECT_EQ(processes_[1].coverage, "no-env");
  EXPECT_EQ(processes_[0].pid, processes_[1].pid);
  ASSERT_TRUE(processes_[0].ended_ns);
  EXPECT_EQ(processes_[0].ended_ns, processes_[1].started_ns);
  EXPECT_EQ(connection(1)->ending, "open") << "handed on to the program nobody sees";
  EXPECT_EQ(outcome(2), "abandoned");
  EXPECT_FALSE(std::filesystem::exists(run_ / wire::kExecNotesFile));
}

// A part in C has connected: one row, and it says that the rest of the program is not seen.
TEST_F(ExecNotesTest, AGoProgramIsToldOnce) {
  Target target([&](int step) {
    if (step == 0) {
      producer().header().program = wire::kGo;
      publish_connected(producer(), 0, 6, 1);
    }
  });
  const pid_t pid = target.pid();
  append(note(pid, ExecWhy::is_go, std::filesystem::read_symlink("/proc/self/exe")));
  append(note(4000001, ExecWhy::is_go, "/bin/other"));
  start();
  target.step();
  EXPECT_TRUE(eventually([&] {
    read_trace();
    return outcome(1) == "connected";
  }));
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(2));
  EXPECT_EQ(processes_[0].pid, pid);
  EXPECT_EQ(processes_[0].coverage, "go");
  EXPECT_EQ(processes_[1].pid, 4000001);
  EXPECT_EQ(processes_[1].coverage, "go");
}

TEST_F(ExecNotesTest, TheLauncherKnowsHowItEnded) {
  store::ProcessRow told;
  told.pid = 4000001;
  told.start_ticks = 77;
  told.exe = "/bin/sh";
  told.exit_status = 3;
  told.ended_ns = 12;
  told.coverage = "preload";
  start();
  append(note(4000001, ExecWhy::scrubbed));
  ASSERT_TRUE(write_notes(run_.path(), {told}));
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(1)) << "the shell left nothing behind but the program it became";
  EXPECT_EQ(processes_[0].coverage, "no-env");
  EXPECT_EQ(processes_[0].exe, "/usr/bin/curl");
  EXPECT_EQ(processes_[0].exit_status, 3);
  EXPECT_EQ(processes_[0].start_ticks, 77);
}

TEST_F(ExecNotesTest, ArgumentsMayBeNobodysBusiness) {
  start(store::OpenMode::create, true);
  append(note(10, ExecWhy::scrubbed));
  ASSERT_TRUE(stop());
  read_trace();
  ASSERT_THAT(processes_, SizeIs(1));
  EXPECT_EQ(processes_[0].command_line, "curl [redacted]");
}

TEST_F(ExecNotesTest, MissingOnesAreALoss) {
  start();
  append(note(0, ExecWhy::scrubbed));
  const auto& summary = stop();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->lost, 1u);
  read_trace();
  EXPECT_EQ(losses_[kExecNotesCause], 1);
}

}  // namespace
}  // namespace sockwatch::drain
