#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/unit/viewer/launch/temporary_directory.h"
#include "viewer/launch/child.h"
#include "viewer/launch/inspect.h"
#include "viewer/launch/proc.h"
#include "viewer/launch/running.h"
#include "viewer/launch/watch.h"

namespace sockwatch::launch {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A child process that is killed at the end of the test.
class Child {
 public:
  Child(const std::vector<std::string>& words, const Environment& environment) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> variables;
    for (const auto& entry : environment) variables.push_back(const_cast<char*>(entry.c_str()));
    variables.push_back(nullptr);
    ::execvpe(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  ~Child() { end(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }
  // It has become `name`; before, it is still a copy of the test.
  // Also until the new image has its words: the kernel names the file before it lays them out.
  void wait_for_exec(const std::string& name) const {
    const auto is_there = [&] {
      return process_executable(pid_).find(name) != std::string::npos &&
             std::ifstream("/proc/" + std::to_string(pid_) + "/cmdline").get() != EOF;
    };
    for (int i = 0; i < 500 && !is_there(); ++i) std::this_thread::sleep_for(5ms);
  }

 private:
  pid_t pid_ = -1;
};

Environment with(const Environment& more) {
  Environment all = current_environment();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(Proc, KnowsThisProcess) {
  const auto stat = process_stat(::getpid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->ppid, ::getppid());
  EXPECT_EQ(stat->group, ::getpgrp());
  EXPECT_GT(stat->start_ticks, 0);
  EXPECT_THAT(all_processes(), Contains(::getpid()));
  EXPECT_EQ(process_owner(::getpid()), ::geteuid());
  EXPECT_THAT(process_executable(::getpid()), HasSubstr("launch_test"));
  EXPECT_EQ(has_mapped(::getpid(), "libc.so.6"), true);
  EXPECT_EQ(has_mapped(::getpid(), "libnothing.so"), false);
  EXPECT_FALSE(has_more_rights(::getpid()));
}

TEST(Proc, OfAProcessWithABadNameAndOfNone) {
  TemporaryDirectory directory;
  const std::string odd = directory / "a) Z 1 (b";
  std::filesystem::copy_file("/bin/sleep", odd);
  Child child({odd, "60"}, current_environment());
  child.wait_for_exec("a) Z");
  const auto stat = process_stat(child.pid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->ppid, ::getpid());
  child.end();
  EXPECT_FALSE(process_stat(999999999));
  EXPECT_FALSE(is_alive(999999999));
}

TEST(Proc, AZombieIsNotAlive) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t info = {};
  ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  EXPECT_TRUE(process_stat(pid));
  EXPECT_FALSE(is_alive(pid));
  ::waitpid(pid, nullptr, 0);
}

TEST(Running, FindsProcessesByEnvironmentAndBySegment) {
  TemporaryDirectory directory;
  EXPECT_THAT(processes_recording(directory.path()), IsEmpty());
  Child child({"sleep", "60"}, with({"SOCKWATCH_DIR=" + directory.path()}));
  child.wait_for_exec("sleep");
  EXPECT_THAT(processes_recording(directory.path()), ElementsAre(child.pid()));
  Child other({"sleep", "60"}, with({"SOCKWATCH_DIR=" + directory.path() + "x"}));
  other.wait_for_exec("sleep");
  EXPECT_THAT(processes_recording(directory.path()), ElementsAre(child.pid()));
  directory.write(std::to_string(other.pid()) + ".123.seg", "", 0600);
  directory.write(std::to_string(::getpid()) + ".123.seg", "", 0600);
  directory.write("999999999.123.seg", "", 0600);
  EXPECT_EQ(processes_recording(directory.path()).size(), 2u);
  child.end();
  EXPECT_THAT(processes_recording(directory.path()), ElementsAre(other.pid()));
}

TEST(Proc, KnowsWhichNumbersAreNew) {
  const auto before = pid_mark();
  ASSERT_TRUE(before);
  Child child({"sleep", "60"}, current_environment());
  const auto after = pid_mark();
  ASSERT_TRUE(after);
  EXPECT_GT(after->given_out, before->given_out);
  EXPECT_TRUE(may_have_begun(child.pid(), *before, *after));

  const PidMark first{100, 1000}, second{110, 1010}, round{5, 1020}, much_later{110, 2000};
  EXPECT_FALSE(may_have_begun(100, first, second));
  EXPECT_TRUE(may_have_begun(101, first, second));
  EXPECT_TRUE(may_have_begun(110, first, second));
  EXPECT_FALSE(may_have_begun(111, first, second));
  EXPECT_TRUE(may_have_begun(111, first, round)) << "they begin again from the smallest";
  EXPECT_TRUE(may_have_begun(5, first, round));
  EXPECT_FALSE(may_have_begun(6, first, round));
  EXPECT_TRUE(may_have_begun(50, first, much_later)) << "they may have gone all around";
}

TEST(Running, FindsByMarkWhatItFindsWithout) {
  TemporaryDirectory directory;
  const auto mark = pid_mark();
  Child child({"sleep", "60"}, with({"SOCKWATCH_DIR=" + directory.path()}));
  child.wait_for_exec("sleep");
  EXPECT_THAT(processes_recording(directory.path(), 0, mark), ElementsAre(child.pid()));
  EXPECT_THAT(processes_recording(directory.path()), ElementsAre(child.pid()));
}

// Perl, as some servers do, writes its title over the memory its environment was given in.
class Overwritten : public ::testing::Test {
 protected:
  static Environment carrying(const std::string& directory) {
    return with({"SOCKWATCH_DIR=" + directory, "LD_PRELOAD=" SOCKWATCH_SHARED_LIBRARY});
  }
  static bool is_overwritten(pid_t pid) {
    for (int i = 0; i < 1000; ++i) {
      const auto environment = process_environment(pid);
      if (environment && process_command_line(pid).starts_with("ww") &&
          std::ranges::none_of(*environment, [](const std::string& entry) {
            return entry.starts_with("SOCKWATCH_DIR=");
          })) {
        return true;
      }
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  const std::vector<std::string> titled_ = {"perl", "-e",
                                            "$0 = 'w' x 20000; syswrite STDOUT, ''; sleep 60"};
};

TEST_F(Overwritten, EnvironmentIsNoReasonToForgetAProcess) {
  TemporaryDirectory ours;
  TemporaryDirectory others;
  Child child(titled_, carrying(ours.path()));
  Child another(titled_, carrying(others.path()));
  if (!is_overwritten(child.pid()) || !is_overwritten(another.pid())) {
    GTEST_SKIP() << "skipped, because there is no perl that writes over its environment";
  }
  EXPECT_THAT(processes_recording(ours.path()), ElementsAre(child.pid()));
  EXPECT_THAT(processes_recording(others.path()), ElementsAre(another.pid()));
  EXPECT_EQ(running_coverage(child.pid(), ours.path()), "preload");
}

TEST(Running, APidfdTellsTheEnd) {
  Child child({"sleep", "60"}, current_environment());
  const Fd end(open_pidfd(child.pid()));
  ASSERT_TRUE(end);
  pollfd wait = {end.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 0), 0);
  ::kill(child.pid(), SIGKILL);
  EXPECT_EQ(::poll(&wait, 1, 5000), 1);
}

TEST(Running, ListsAFewPids) {
  EXPECT_EQ(list_pids({1}), "1");
  EXPECT_EQ(list_pids({1, 2, 3, 4, 5}), "1, 2, 3, 4, 5");
  EXPECT_EQ(list_pids({1, 2, 3, 4, 5, 6}), "1, 2, 3, 4, 5, ...");
}

TEST(Coverage, OfRunningProcesses) {
  const std::string directory = "/nowhere/run";
  Child plain({"sleep", "60"}, current_environment());
  plain.wait_for_exec("sleep");
  EXPECT_EQ(running_coverage(plain.pid(), directory), "no-env");
  Child not_loaded({"sleep", "60"},
                   with({"SOCKWATCH_DIR=" + directory, "LD_PRELOAD=/nowhere/libsockwatch.so"}));
  not_loaded.wait_for_exec("sleep");
  EXPECT_EQ(running_coverage(not_loaded.pid(), directory), "unknown");
  Child unlinked({STATIC_PROGRAM}, with({"SOCKWATCH_DIR=" + directory}));
  unlinked.wait_for_exec("static");
  EXPECT_EQ(running_coverage(unlinked.pid(), directory), "static");
  EXPECT_EQ(running_coverage(999999999, directory), "");
}

// Also what it could be recorded by.
TEST(Coverage, OfAProcessWithSharedMemoryOfItsOwn) {
  std::string directory = "/dev/shm/sockwatch-test-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const Environment environment =
      with({"SOCKWATCH_DIR=" + directory, "LD_PRELOAD=" SOCKWATCH_SHARED_LIBRARY});
  {
    Child apart({"unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev/shm && exec sleep 60"},
                environment);
    Child near({"sleep", "60"}, environment);
    apart.wait_for_exec("sleep");
    near.wait_for_exec("sleep");
    std::this_thread::sleep_for(50ms);
    if (process_executable(apart.pid()).ends_with("sleep")) {
      EXPECT_EQ(running_coverage(apart.pid(), directory), "other-mounts");
      EXPECT_EQ(running_coverage(near.pid(), directory), "preload");
      const auto inspection = inspect_process(apart.pid());
      ASSERT_TRUE(inspection);
      EXPECT_EQ(inspection->coverage, "other-mounts");
      EXPECT_FALSE(inspection->seen);
      EXPECT_THAT(inspection->reasons, Contains(HasSubstr("cannot record into")));
    }
  }
  std::filesystem::remove_all(directory);
}

TEST(Proc, WhatAPathLeadsTo) {
  Child child({"sleep", "60"}, current_environment());
  child.wait_for_exec("sleep");
  EXPECT_EQ(finds_the_same(child.pid(), "/usr"), true);
  EXPECT_EQ(finds_the_same(child.pid(), "/nowhere/at/all"), std::nullopt);
  EXPECT_EQ(finds_the_same(999999999, "/usr"), std::nullopt);
  EXPECT_EQ(data_of(child.pid(), "libnothing.so"), std::nullopt);
  EXPECT_EQ(data_of(999999999, "libc.so.6"), std::nullopt);
}

TEST(ProcessWatch, NotesWhatIsNotSeenBelowTheTarget) {
  TemporaryDirectory directory;
  const std::string script = "env -i sleep 60 & " STATIC_PROGRAM " & wait";
  Child shell({"sh", "-c", script}, with({"SOCKWATCH_DIR=" + directory.path()}));
  shell.wait_for_exec("sh");
  Target target;
  target.pid = shell.pid();
  target.start_ticks = process_stat(shell.pid())->start_ticks;
  target.executable = "/bin/sh";
  target.command_line = "sh";
  ProcessWatch watch(target, directory.path());
  for (int i = 0; i < 100 && watch.not_seen().size() < 3; ++i) {
    std::this_thread::sleep_for(watch.look() / 4);
  }
  const auto coverages = [&] {
    std::vector<std::string> words;
    for (const auto& row : watch.not_seen()) words.push_back(row.coverage);
    return words;
  };
  // The shell itself has our directory, but no library to load was named to it.
  EXPECT_THAT(coverages(), ::testing::UnorderedElementsAre("no-env", "no-env", "static"));
  const auto notes = watch.notes(5, 7);
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_EQ(notes[0].pid, shell.pid());
  EXPECT_EQ(notes[0].exit_status, 7);
  EXPECT_EQ(notes[0].ended_ns, 5);
  EXPECT_FALSE(notes[1].exit_status.has_value());
  for (const auto& row : notes) {
    if (row.pid != shell.pid()) ::kill(static_cast<pid_t>(row.pid), SIGKILL);
  }
  // Those that ended are still told.
  std::this_thread::sleep_for(50ms);
  watch.look();
  EXPECT_EQ(watch.notes(5, 7).size(), 3u);
}

TEST(InspectProcess, SaysWhyNot) {
  EXPECT_FALSE(inspect_process(999999999));
  EXPECT_FALSE(inspect_process(2)) << "kthreadd, or nobody";
  Child unlinked({STATIC_PROGRAM}, current_environment());
  unlinked.wait_for_exec("static");
  const auto inspection = inspect_process(unlinked.pid());
  ASSERT_TRUE(inspection);
  EXPECT_EQ(inspection->coverage, "static");
  EXPECT_FALSE(inspection->seen);
  EXPECT_EQ(inspection->recording, false);
}

TEST(InspectProcess, OfOneUnderAFilterWarns) {
  const pid_t child = ::fork();
  if (child == 0) {
    sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter = {1, allow};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) ::_exit(1);
    for (;;) ::pause();
  }
  for (int i = 0; i < 500 && !is_filtered(child) && is_alive(child); ++i) {
    std::this_thread::sleep_for(10ms);
  }
  const bool filtered = is_filtered(child);
  const auto inspection = inspect_process(child);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  if (!filtered) GTEST_SKIP() << "skipped, because no filter may be set here";
  ASSERT_TRUE(inspection);
  EXPECT_THAT(inspection->reasons, Contains(HasSubstr("under a seccomp filter")));
}

TEST(InspectProcess, OfAnotherUserClaimsNoMoreThanIsTrue) {
  if (::geteuid() != 0) GTEST_SKIP() << "skipped, because only root can become somebody else";
  ::setenv("SOCKWATCH_LIBRARY", SOCKWATCH_SHARED_LIBRARY, 1);  // as where it is installed
  std::string directory = "/dev/shm/sockwatch-test-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::vector<std::string> as_nobody = {"setpriv",        "--reuid=65534", "--regid=65534",
                                              "--clear-groups", "/bin/sleep",    "60"};
  {
    Child plain(as_nobody, current_environment());
    plain.wait_for_exec("sleep");
    const auto inspection = inspect_process(plain.pid());
    ASSERT_TRUE(inspection);
    EXPECT_TRUE(inspection->seen);
    EXPECT_THAT(inspection->next_steps, Contains(HasSubstr("uid 65534")));
    EXPECT_THAT(inspection->reasons, ::testing::Not(Contains(HasSubstr("more rights"))));
  }
  {
    Child loaded(as_nobody,
                 with({"SOCKWATCH_DIR=" + directory, "LD_PRELOAD=" SOCKWATCH_SHARED_LIBRARY}));
    loaded.wait_for_exec("sleep");
    std::this_thread::sleep_for(50ms);
    if (has_mapped(loaded.pid(), "libsockwatch.so").value_or(false)) {
      const auto inspection = inspect_process(loaded.pid());
      ASSERT_TRUE(inspection);
      EXPECT_EQ(inspection->coverage, "other-user");
      EXPECT_FALSE(inspection->seen);
      EXPECT_THAT(inspection->reasons, Contains(HasSubstr("may not write to the run directory")));
      EXPECT_THAT(inspection->reasons, ::testing::Not(Contains(HasSubstr("records into"))));
    }
  }
  ::unsetenv("SOCKWATCH_LIBRARY");
  std::filesystem::remove_all(directory);
}

TEST(ShellStatus, OfEndings) {
  for (const int status : {0, 1, 77, 255}) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(status);
    int wait_status = 0;
    ::waitpid(pid, &wait_status, 0);
    EXPECT_EQ(shell_status(wait_status), status);
  }
  const pid_t pid = ::fork();
  if (pid == 0) ::pause();
  ::kill(pid, SIGKILL);
  int wait_status = 0;
  ::waitpid(pid, &wait_status, 0);
  EXPECT_EQ(shell_status(wait_status), 137);
}

}  // namespace
}  // namespace sockwatch::launch
