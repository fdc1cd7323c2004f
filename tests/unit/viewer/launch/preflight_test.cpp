#include "viewer/launch/preflight.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/viewer/launch/temporary_directory.h"
#include "viewer/launch/path_search.h"
#include "viewer/launch/privilege.h"

namespace sockwatch::launch {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

Program program(const std::vector<std::string>& words) {
  auto checked = preflight(words);
  if (auto* found = std::get_if<Program>(&checked)) return *found;
  ADD_FAILURE() << std::get<CannotRun>(checked).error.message;
  return {};
}

CannotRun failure(const std::vector<std::string>& words) {
  auto checked = preflight(words);
  if (auto* failed = std::get_if<CannotRun>(&checked)) return *failed;
  ADD_FAILURE() << words.front() << " can run";
  return {};
}

// What a user without rights sees; the tests may run as root.
bool as_nobody(const std::function<bool()>& test) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(3);
    ::_exit(test() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Preflight, FindsAProgramInThePath) {
  const Program found = program({"sh"});
  EXPECT_THAT(found.path, EndsWith("/sh"));
  EXPECT_EQ(found.sight.verdict, Verdict::preload);
  EXPECT_EQ(found.sight.why, "");
}

TEST(Preflight, MissingPrograms) {
  EXPECT_EQ(failure({"no-such-program-anywhere"}).status, 127);
  EXPECT_EQ(failure({"/no/such/program"}).status, 127);
  EXPECT_EQ(failure({""}).status, 127);
  EXPECT_EQ(failure({"/bin/sh/x"}).status, 127);
}

TEST(Preflight, WhatIsNotExecutable) {
  TemporaryDirectory directory;
  EXPECT_EQ(failure({directory.write("plain", "x", 0644)}).status, 126);
  EXPECT_EQ(failure({directory.path()}).status, 126);
}

TEST(Preflight, PathSearchGoesOnBehindWhatMayNotBeExecuted) {
  TemporaryDirectory first;
  TemporaryDirectory second;
  first.write("tool", "", 0644);
  EXPECT_EQ(find_command("tool", first.path()).error, EACCES);
  EXPECT_EQ(find_command("tool", first.path() + ":" + second.path()).error, EACCES);
  const std::string good = second.write("tool", "", 0755);
  EXPECT_EQ(find_command("tool", first.path() + ":" + second.path()).path, good);
  EXPECT_EQ(find_command("other", first.path() + ":" + second.path()).error, ENOENT);
  ASSERT_EQ(::mkdir((first / "folder").c_str(), 0755), 0);
  EXPECT_EQ(find_command("folder", first.path()).error, EACCES);
}

TEST(Preflight, AnEmptyEntryOfThePathIsTheCurrentDirectory) {
  TemporaryDirectory directory;
  directory.write("tool", "", 0755);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  EXPECT_EQ(find_command("tool", "/nowhere:").path, "tool");
  EXPECT_EQ(find_command("tool", "").path, "tool");
  EXPECT_EQ(find_command("tool", "/nowhere").path, "");
  std::filesystem::current_path(before);
}

TEST(Preflight, FollowsAScriptToItsInterpreter) {
  TemporaryDirectory directory;
  const std::string script = directory.write("script", "#!/bin/sh -e\ntrue\n", 0755);
  EXPECT_THAT(program({script}).chain, ElementsAre(script, "/bin/sh"));
  EXPECT_EQ(program({script}).sight.verdict, Verdict::preload);
  const std::string outer = directory.write("outer", "#!" + script + "\n", 0755);
  EXPECT_THAT(program({outer}).chain, ElementsAre(outer, script, "/bin/sh"));
}

TEST(Preflight, FollowsEnvToTheProgramMeant) {
  TemporaryDirectory directory;
  const std::string script = directory.write("script", "#!/usr/bin/env sh\ntrue\n", 0755);
  EXPECT_THAT(program({script}).chain, ElementsAre(script, "/usr/bin/env", EndsWith("/sh")));
  const std::string split =
      directory.write("split", "#!/usr/bin/env -S A=b " STATIC_PROGRAM " -x\n", 0755);
  EXPECT_EQ(program({split}).sight.verdict, Verdict::is_static);
  EXPECT_EQ(program({"env", "-u", "X", "Y=z", STATIC_PROGRAM}).sight.verdict, Verdict::is_static);
  EXPECT_EQ(program({"env"}).sight.verdict, Verdict::preload);
  EXPECT_EQ(program({"env", "no-such-program"}).sight.verdict, Verdict::preload);
}

TEST(Preflight, AScriptWithoutItsInterpreterIsNamed) {
  TemporaryDirectory directory;
  const auto failed = failure({directory.write("script", "#!/no/such/shell\n", 0755)});
  EXPECT_EQ(failed.status, 127);
  EXPECT_THAT(failed.error.message, HasSubstr("'/no/such/shell'"));
}

TEST(Preflight, ScriptsThatRunEachOtherEnd) {
  TemporaryDirectory directory;
  directory.write("a", "#!" + directory / "b" + "\n", 0755);
  directory.write("b", "#!" + directory / "a" + "\n", 0755);
  EXPECT_EQ(failure({directory / "a"}).status, 126);
}

TEST(Preflight, AFileWithoutAnyMarkGoesToTheShell) {
  TemporaryDirectory directory;
  EXPECT_EQ(program({directory.write("empty", "", 0755)}).sight.verdict, Verdict::preload);
  EXPECT_EQ(program({directory.write("lines", "true\n", 0755)}).sight.verdict, Verdict::preload);
}

TEST(Preflight, StaticPrograms) {
  const Program found = program({STATIC_PROGRAM});
  EXPECT_EQ(found.sight.verdict, Verdict::is_static);
  EXPECT_THAT(found.sight.why, HasSubstr("statically linked"));
  EXPECT_NE(found.sight.next, "");
  EXPECT_EQ(coverage_word(found.sight.verdict), "static");
}

TEST(Preflight, AddressSanitizer) {
  EXPECT_TRUE(program({ASAN_PROGRAM}).shared_asan);
  EXPECT_FALSE(program({"sh"}).shared_asan);
}

TEST(Preflight, AnotherCLibraryIsKnownByItsLoader) {
  ExecutableFacts facts;
  facts.kind = FileKind::native_elf;
  facts.interpreter = "/lib/ld-musl-x86_64.so.1";
  EXPECT_EQ(judge_elf(facts, "x").verdict, Verdict::other_libc);
  facts.interpreter = "/nix/store/abc-glibc-2.38/lib/ld-linux-x86-64.so.2";
  EXPECT_EQ(judge_elf(facts, "x").verdict, Verdict::preload);
  facts.interpreter = "/system/bin/linker64";
  EXPECT_EQ(judge_elf(facts, "x").verdict, Verdict::other_libc);
}

TEST(Preflight, GoIsNotSeenEvenIfDynamic) {
  ExecutableFacts facts;
  facts.kind = FileKind::native_elf;
  facts.interpreter = "/lib64/ld-linux-x86-64.so.2";
  facts.go = true;
  EXPECT_EQ(judge_elf(facts, "x").verdict, Verdict::go);
  facts.interpreter.clear();
  EXPECT_EQ(judge_elf(facts, "x").verdict, Verdict::go);
}

TEST(Preflight, TheLoaderAsACommandIsNotAStaticProgram) {
  const auto self = read_executable("/proc/self/exe");
  ASSERT_TRUE(self);
  EXPECT_EQ(program({self->interpreter, "/bin/true"}).sight.verdict, Verdict::preload);
}

class Privilege : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to make set-user-ID files";
    file_ = directory_.write("tool", "", 0755);
  }
  TemporaryDirectory directory_;
  std::string file_;
};

TEST_F(Privilege, OfSetUserId) {
  ::chmod(file_.c_str(), 04755);
  EXPECT_EQ(gains_privilege(file_), "") << "root gains nothing from root";
  EXPECT_TRUE(as_nobody([&] { return gains_privilege(file_) == "set-user-ID"; }));
  EXPECT_TRUE(as_nobody([&] {
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return gains_privilege(file_).empty();
  }));
  ASSERT_EQ(::chown(file_.c_str(), 65534, 65534), 0);
  ::chmod(file_.c_str(), 04755);
  EXPECT_EQ(gains_privilege(file_), "set-user-ID");
  EXPECT_TRUE(as_nobody([&] { return gains_privilege(file_).empty(); }));
}

TEST_F(Privilege, OfSetGroupId) {
  ::chmod(file_.c_str(), 02755);
  EXPECT_TRUE(as_nobody([&] { return gains_privilege(file_) == "set-group-ID"; }));
  ::chmod(file_.c_str(), 02745);
  EXPECT_TRUE(as_nobody([&] { return gains_privilege(file_).empty(); }));
}

TEST_F(Privilege, OfFileCapabilities) {
  const std::string command = "setcap cap_net_raw+ep " + file_;
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "cannot set file capabilities here";
  EXPECT_EQ(gains_privilege(file_), "") << "for root they are no gain";
  EXPECT_TRUE(as_nobody([&] { return gains_privilege(file_) == "file capabilities"; }));
}

TEST_F(Privilege, AnUnreadableProgramIsNotJudged) {
  std::filesystem::copy_file("/bin/true", directory_ / "secret");
  ::chmod((directory_ / "secret").c_str(), 0711);
  EXPECT_TRUE(as_nobody([&] {
    const auto checked = preflight({directory_ / "secret"});
    const auto* found = std::get_if<Program>(&checked);
    return found != nullptr && found->sight.verdict == Verdict::unknown;
  }));
}

}  // namespace
}  // namespace sockwatch::launch
