// The real program, started as a user would.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "collector/store/reader.h"
#include "tests/unit/viewer/launch/running_program.h"
#include "tests/unit/viewer/launch/temporary_directory.h"
#include "viewer/launch/proc.h"

namespace sockwatch::launch {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> files(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<store::ProcessRow> processes_in(const std::string& trace) {
  const auto reader = store::Reader::open(trace);
  if (!reader) {
    ADD_FAILURE() << reader.error().message;
    return {};
  }
  const auto rows = reader->processes();
  return rows ? *rows : std::vector<store::ProcessRow>();
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    all.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

class Recording : public ::testing::Test {
 protected:
  std::vector<std::string> record(const std::vector<std::string>& command,
                                  std::vector<std::string> options = {"-q"}) {
    std::vector<std::string> words = {"record", "-o", trace_, "--force"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
    return sockwatch(words);
  }

  TemporaryDirectory directory_;
  std::string trace_ = directory_ / "t.sockwatch";
};

TEST_F(Recording, ExitStatusIsTheCommands) {
  EXPECT_EQ(run(record({"true"})).exit_status(), 0);
  EXPECT_EQ(run(record({"sh", "-c", "exit 7"})).exit_status(), 7);
  EXPECT_EQ(run(record({"sh", "-c", "kill -9 $$"})).exit_status(), 137);
  EXPECT_EQ(run(record({"sh", "-c", "kill -TERM $$"})).exit_status(), 143);
  Setting setting;
  setting.ignore_children = true;
  EXPECT_EQ(run(record({"sh", "-c", "exit 9"}), setting).exit_status(), 9);
}

TEST_F(Recording, TheTraceTellsHowTheCommandEnded) {
  ASSERT_EQ(run(record({"sh", "-c", "exit 7"})).exit_status(), 7);
  const auto rows = processes_in(trace_);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].exit_status, 7);
  EXPECT_EQ(rows[0].coverage, "preload");
  EXPECT_THAT(files(directory_.path()), ::testing::ElementsAre("t.sockwatch"));
}

// A child of a server that gave up being root has no way to the run directory, and is named.
TEST_F(Recording, AChildThatMayNotWriteToTheRunDirectoryIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const std::string script =
      "import os, time; os.setuid(65534); child = os.fork(); child or time.sleep(1);"
      "child and os.wait()";
  ASSERT_EQ(run(record({"/usr/bin/python3", "-c", script})).exit_status(), 0);
  std::vector<std::string> words;
  for (const auto& row : processes_in(trace_)) words.push_back(row.coverage);
  EXPECT_THAT(words, ::testing::UnorderedElementsAre("preload", "other-user"));
}

TEST_F(Recording, AProgramStartedAsAnotherUserIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "skipped, because only root can become somebody else";
  ASSERT_EQ(run(record({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c",
                        "sleep 1; exit 3"}))
                .exit_status(),
            3);
  const auto rows = processes_in(trace_);
  EXPECT_THAT(rows, ::testing::Contains(::testing::AllOf(
                        ::testing::Field(&store::ProcessRow::coverage, "other-user"),
                        ::testing::Field(&store::ProcessRow::exit_status, 3))));
}

TEST_F(Recording, AProgramWithSharedMemoryOfItsOwnIsNamed) {
  if (run({"unshare", "-m", "mount", "-t", "tmpfs", "none", "/dev/shm"}).exit_status() != 0) {
    GTEST_SKIP() << "skipped, because nothing can be mounted here";
  }
  ASSERT_EQ(run(record({"unshare", "-m", "sh", "-c",
                        "mount -t tmpfs none /dev/shm; exec sh -c 'sleep 1; exit 3'"}))
                .exit_status(),
            3);
  std::vector<std::string> words;
  for (const auto& row : processes_in(trace_)) words.push_back(row.coverage);
  EXPECT_THAT(words, ::testing::Contains("other-mounts"));
}

// However short its life was.
TEST_F(Recording, AProgramWithAScrubbedEnvironmentIsNamed) {
  ASSERT_EQ(run(record({"sh", "-c", "env -i /bin/true; exit 3"})).exit_status(), 3);
  auto rows = processes_in(trace_);
  ASSERT_EQ(rows.size(), 2u);
  std::ranges::sort(rows, {}, &store::ProcessRow::coverage);
  EXPECT_EQ(rows[0].coverage, "no-env");
  EXPECT_THAT(rows[0].exe.value_or(""), ::testing::EndsWith("bin/true"));
  EXPECT_EQ(rows[0].command_line, "/bin/true");
  EXPECT_EQ(rows[1].coverage, "preload");
  EXPECT_EQ(rows[1].exit_status, 3);
  EXPECT_THAT(files(directory_.path()), ::testing::ElementsAre("t.sockwatch"));
}

TEST_F(Recording, ACommandThatScrubsItsOwnEnvironmentIsNamed) {
  ASSERT_EQ(run(record({"env", "-i", "/bin/sh", "-c", "exit 4"})).exit_status(), 4);
  const auto rows = processes_in(trace_);
  ASSERT_EQ(rows.size(), 1u) << "one process, and the image that was not seen is the news";
  EXPECT_EQ(rows[0].coverage, "no-env");
  EXPECT_EQ(rows[0].command_line, "/bin/sh -c exit 4");
  EXPECT_EQ(rows[0].exit_status, 4);
}

TEST_F(Recording, AScrubbedEnvironmentIsFollowedOnRequest) {
  const Ran ran = run(record({"env", "-i", "A=1", "/usr/bin/env"}, {"-q", "--follow-env"}));
  ASSERT_EQ(ran.exit_status(), 0);
  const auto told = lines(ran.out);
  EXPECT_THAT(told, ::testing::Contains("A=1"));
  EXPECT_THAT(told, ::testing::Contains(::testing::HasSubstr("libsockwatch.so")));
  EXPECT_THAT(told, ::testing::Contains(::testing::StartsWith("SOCKWATCH_DIR=/")));
  for (const auto& row : processes_in(trace_)) EXPECT_EQ(row.coverage, "preload");
}

TEST_F(Recording, StreamsAreUntouched) {
  Setting setting;
  setting.input = std::string("a\0b\n", 4);
  const Ran ran = run(record({"sh", "-c", "cat; echo word >&2"}), setting);
  EXPECT_EQ(ran.out, setting.input);
  EXPECT_EQ(ran.err, "word\n");
}

TEST_F(Recording, DescriptorsMaskAndDispositionsAreTheCallers) {
  const std::vector<std::string> look = {
      "sh", "-c", "ls /proc/self/fd | wc -l; grep -E '^(Sig|Shd)(Blk|Ign)' /proc/self/status"};
  EXPECT_EQ(run(record(look)).out, run(look).out);
  Setting odd;
  odd.ignore_children = true;
  EXPECT_EQ(run(record(look), odd).out, run(look, odd).out);
}

TEST_F(Recording, AClosedStandardInputStaysClosed) {
  Setting setting;
  setting.close_input = true;
  const Ran ran =
      run(record({"sh", "-c", "test -e /proc/self/fd/0 && echo open || echo closed"}), setting);
  EXPECT_EQ(ran.exit_status(), 0);
  EXPECT_EQ(ran.out, "closed\n");
}

TEST_F(Recording, TheEnvironmentCarriesTheLibraryAndItsDirectory) {
  Setting setting;
  setting.environment = {"LD_PRELOAD=libc.so.6"};
  const Ran ran = run(record({"sh", "-c", "echo $LD_PRELOAD; echo $SOCKWATCH_DIR"}), setting);
  const auto told = lines(ran.out);
  ASSERT_EQ(told.size(), 2u) << ran.out << ran.err;
  EXPECT_THAT(told[0], StartsWith("libc.so.6:/"));
  EXPECT_FALSE(told[1].empty());
  EXPECT_FALSE(std::filesystem::exists(told[1])) << "the run directory is removed";
}

TEST_F(Recording, WhatCannotRunLeavesNothingBehind) {
  struct Case {
    std::string command;
    int status;
  };
  const std::string plain = directory_.write("plain", "x", 0644);
  for (const Case& one : {Case{"no-such-command-here", 127}, Case{plain, 126}, Case{"/tmp", 126}}) {
    Setting setting;
    setting.directory = directory_.path();
    const Ran ran = run(sockwatch({"run", "--", one.command}), setting);
    EXPECT_EQ(ran.exit_status(), one.status) << one.command;
    EXPECT_EQ(lines(ran.err).size(), 2u) << ran.err;
    EXPECT_THAT(files(directory_.path()), ::testing::ElementsAre("plain"));
  }
}

TEST_F(Recording, WrongUseIsTwoLinesAnd125) {
  directory_.write("taken", "something else", 0644);
  const std::vector<std::vector<std::string>> wrong = {
      {"run"},
      {"run", "--"},
      {"record", "--no-such-option", "--", "true"},
      {"run", "-o", directory_ / "missing/t", "--", "true"},
      {"run", "-o", "", "--", "true"},
      {"run", "-o", directory_ / "taken", "--", "true"},
      {"run", "-o", directory_ / "taken", "--force", "--", "true"},
      {"run", "-o", directory_.path(), "--force", "--", "true"},
      {"run", "--detail", "everything", "--", "true"},
  };
  for (const auto& words : wrong) {
    const Ran ran = run(sockwatch(words));
    EXPECT_EQ(ran.exit_status(), 125) << ::testing::PrintToString(words);
    EXPECT_EQ(lines(ran.err).size(), 2u) << ran.err;
    EXPECT_THAT(lines(ran.err), ::testing::Each(StartsWith("sockwatch: ")));
  }
  EXPECT_THAT(files(directory_.path()), ::testing::ElementsAre("taken"));
  EXPECT_EQ(run(sockwatch({"rnu"})).exit_status(), 125);
}

TEST_F(Recording, AMissingLibraryIsSaid) {
  Setting setting;
  setting.environment = {"SOCKWATCH_LIBRARY=/nowhere/libsockwatch.so"};
  const Ran ran = run(record({"true"}), setting);
  EXPECT_EQ(ran.exit_status(), 125);
  EXPECT_THAT(ran.err, HasSubstr("SOCKWATCH_LIBRARY"));
  EXPECT_THAT(files(directory_.path()), IsEmpty());
}

TEST_F(Recording, ALibraryInAnOddPlaceIsLoadedAllTheSame) {
  const std::string odd = directory_ / "a b:c";
  std::filesystem::create_directory(odd);
  std::filesystem::copy_file(SOCKWATCH_SHARED_LIBRARY, odd + "/libsockwatch.so");
  Setting setting;
  setting.environment = {"SOCKWATCH_LIBRARY=" + odd + "/libsockwatch.so"};
  const Ran ran = run(record({"sh", "-c", "grep -c libsockwatch /proc/self/maps"}), setting);
  EXPECT_EQ(ran.exit_status(), 0) << ran.err;
  EXPECT_EQ(ran.err, "");
}

TEST_F(Recording, AnAddressSanitizerProgramComesUp) {
  EXPECT_EQ(run(record({ASAN_PROGRAM})).exit_status(), 5);
  EXPECT_EQ(run(record({"sh", "-c", ASAN_PROGRAM})).exit_status(), 5);
}

TEST_F(Recording, AStaticProgramRunsAndIsReportedAsNotSeen) {
  const Ran ran = run(record({STATIC_PROGRAM, "end"}, {}));
  EXPECT_EQ(ran.exit_status(), 7);
  EXPECT_THAT(ran.err, HasSubstr("statically linked"));
  const auto rows = processes_in(trace_);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].coverage, "static");
}

TEST_F(Recording, RunReportsAndNamesTheTraceLast) {
  Setting setting;
  setting.directory = directory_.path();
  const Ran ran = run(sockwatch({"run", "--", "sh", "-c", "echo out"}), setting);
  EXPECT_EQ(ran.out, "out\n");
  ASSERT_FALSE(lines(ran.err).empty());
  EXPECT_THAT(lines(ran.err).back(),
              ::testing::MatchesRegex("sockwatch: trace (sh-[0-9-]+.sockwatch) \\(open: sockwatch "
                                      "report sh-[0-9-]+.sockwatch\\)"));
  EXPECT_THAT(files(directory_.path()), ::testing::SizeIs(1));
}

TEST_F(Recording, ManyAtOnceDoNotMeet) {
  constexpr int kCount = 4;
  Setting setting;
  setting.directory = directory_.path();
  std::vector<std::unique_ptr<Conversation>> all;
  for (int i = 0; i < kCount; ++i) {
    all.push_back(std::make_unique<Conversation>(
        sockwatch({"record", "-q", "--", "sh", "-c", "exit " + std::to_string(i)}), setting,
        false));
  }
  for (int i = 0; i < kCount; ++i) {
    const int status = all[i]->wait();
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), i) << all[i]->heard();
  }
  const auto names = files(directory_.path());
  EXPECT_THAT(names, ::testing::SizeIs(kCount));
  std::vector<std::int64_t> statuses;
  for (const auto& name : names) {
    for (const auto& row : processes_in(directory_ / name)) statuses.push_back(*row.exit_status);
  }
  EXPECT_THAT(statuses, ::testing::UnorderedElementsAre(0, 1, 2, 3));
}

TEST_F(Recording, ARecordingInsideARecording) {
  const std::string inner = directory_ / "inner.sockwatch";
  const Ran ran = run(record(
      sockwatch({"record", "-q", "-o", inner, "--", "sh", "-c", "echo $LD_PRELOAD; exit 6"})));
  EXPECT_EQ(ran.exit_status(), 6) << ran.err;
  EXPECT_EQ(std::ranges::count(ran.out, ':'), 0) << "the library twice: " << ran.out;
  EXPECT_FALSE(processes_in(inner).empty());
  EXPECT_FALSE(processes_in(trace_).empty());
}

TEST_F(Recording, SignalsSentToUsReachTheCommandOnce) {
  Conversation told(record({SIGNAL_TELLER}), {}, false);
  ASSERT_TRUE(told.expect("ready"));
  for (const int number : {SIGUSR1, SIGHUP, SIGINT, SIGQUIT, SIGWINCH}) {
    ::kill(told.pid(), number);
    EXPECT_TRUE(told.expect("signal " + std::to_string(number) + "\n"));
  }
  EXPECT_EQ(told.listen(200), "");
  ::kill(told.pid(), SIGTERM);
  EXPECT_TRUE(told.expect("signal 15\n"));
  const int status = told.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST_F(Recording, ACommandThatSignalsItsOwnGroupIsNotSignalledAgain) {
  Conversation told(record({"sh", "-c", "trap 'echo got' USR1; kill -USR1 0; sleep 0.3; echo end"}),
                    {}, false);
  EXPECT_EQ(WEXITSTATUS(told.wait()), 0);
  EXPECT_EQ(told.heard(), "got\nend\n");
}

TEST_F(Recording, TheLauncherMayBeKilled) {
  Conversation launcher(record({SIGNAL_TELLER}), {}, false);
  ASSERT_TRUE(launcher.expect("ready "));
  const std::string pid_text = launcher.listen(50);
  const pid_t command = std::stoi(pid_text);
  const auto environment = process_environment(command);
  ASSERT_TRUE(environment);
  std::string run_directory;
  for (const auto& entry : *environment) {
    if (entry.starts_with("SOCKWATCH_DIR=")) run_directory = entry.substr(14);
  }
  ASSERT_TRUE(std::filesystem::exists(run_directory));
  ::kill(launcher.pid(), SIGKILL);
  EXPECT_EQ(WTERMSIG(launcher.wait()), SIGKILL);
  ::usleep(100000);
  EXPECT_TRUE(is_alive(command)) << "the command goes on";
  EXPECT_TRUE(std::filesystem::exists(run_directory)) << "and so does the recording";
  launcher.close_input();
  EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(run_directory); }));
  EXPECT_THAT(files(directory_.path()), ::testing::ElementsAre("t.sockwatch"));
  EXPECT_TRUE(store::Reader::open(trace_));
}

TEST_F(Recording, AKilledCollectorIsStartedAgain) {
  Conversation recording(record({SIGNAL_TELLER}), {}, false);
  ASSERT_TRUE(recording.expect("ready"));
  pid_t collector = -1;
  for (const pid_t pid : all_processes()) {
    const auto stat = process_stat(pid);
    if (stat && stat->ppid == recording.pid() && stat->group == pid) collector = pid;
  }
  ASSERT_GT(collector, 0);
  ::kill(collector, SIGKILL);
  EXPECT_TRUE(recording.expect("was started again"));
  recording.close_input();
  EXPECT_EQ(WEXITSTATUS(recording.wait()), 4);
  EXPECT_EQ(processes_in(trace_).size(), 1u);
  EXPECT_THAT(files(directory_.path()), ::testing::ElementsAre("t.sockwatch"));
}

TEST_F(Recording, WaitsForWhatTheCommandLeftBehind) {
  const Ran ran = run(record({"sh", "-c", "sleep 0.4 & exit 3"}, {}));
  EXPECT_EQ(ran.exit_status(), 3);
  EXPECT_THAT(ran.err, HasSubstr("1 process started by it is still running"));
}

// A server that goes into the background and writes its title over its environment.
TEST_F(Recording, WaitsForADaemonWithATitle) {
  if (run({"perl", "-e", "exit 0"}).exit_status() != 0) GTEST_SKIP() << "skipped without perl";
  Conversation recording(record({"perl", "-e",
                                 "$0 = 'w' x 20000; if (my $pid = fork) { $| = 1; print \"pid "
                                 "$pid\\n\"; exit 3 } sleep 30"},
                                {}),
                         {}, false);
  ASSERT_TRUE(recording.expect("pid "));
  ASSERT_TRUE(recording.expect("still running")) << recording.heard();
  const pid_t left = std::stoi(recording.heard().substr(recording.heard().find("pid ") + 4));
  ::kill(recording.pid(), SIGTERM);
  EXPECT_EQ(WEXITSTATUS(recording.wait()), 3);
  EXPECT_TRUE(is_alive(left));
  ::kill(left, SIGKILL);
}

TEST_F(Recording, ManyAtOnceIntoOneTrace) {
  constexpr int kCount = 3;
  std::vector<std::unique_ptr<Conversation>> all;
  for (int i = 0; i < kCount; ++i) {
    all.push_back(std::make_unique<Conversation>(
        sockwatch({"record", "-q", "--force", "-o", trace_, "--", "sh", "-c", "sleep 2; exit 3"}),
        Setting{}, false));
  }
  int ran = 0;
  for (const auto& one : all) {
    if (WEXITSTATUS(one->wait()) == 3) {
      ++ran;
    } else {
      EXPECT_THAT(one->heard(), HasSubstr("is being recorded by another sockwatch"));
    }
  }
  EXPECT_EQ(ran, 1);
  ASSERT_FALSE(processes_in(trace_).empty());
  EXPECT_EQ(processes_in(trace_)[0].exit_status, 3);
}

TEST_F(Recording, ASignalEndsTheRecordingAndNotWhatWasLeftBehind) {
  Conversation recording(record({"sh", "-c", "sleep 30 & echo pid $!; exit 3"}, {}), {}, false);
  ASSERT_TRUE(recording.expect("pid "));
  ASSERT_TRUE(recording.expect("still running"));
  const pid_t left = std::stoi(recording.heard().substr(recording.heard().find("pid ") + 4));
  ::kill(recording.pid(), SIGTERM);
  EXPECT_EQ(WEXITSTATUS(recording.wait()), 3);
  EXPECT_TRUE(is_alive(left));
  ::kill(left, SIGKILL);
  EXPECT_THAT(files(directory_.path()), ::testing::ElementsAre("t.sockwatch"));
}

}  // namespace
}  // namespace sockwatch::launch
