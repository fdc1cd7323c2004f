// On a terminal, under a shell with job control.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/viewer/launch/running_program.h"
#include "tests/unit/viewer/launch/temporary_directory.h"
#include "viewer/launch/proc.h"

namespace sockwatch::launch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Terminal : public ::testing::Test {
 protected:
  Terminal() {
    setting_.directory = directory_.path();
    setting_.environment = {"PS1=PROMPT> ", "HISTFILE="};
  }
  // Without a line editor: it would repeat what we type in its own way.
  std::vector<std::string> shell_ = {"bash", "--norc", "--noprofile", "--noediting", "-i"};
  std::string record_ = std::string(SOCKWATCH_PROGRAM) + " record --force -o t -- ";
  TemporaryDirectory directory_;
  Setting setting_;
};

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
    ++count;
  }
  return count;
}

TEST_F(Terminal, ControlCReachesTheCommandOnce) {
  Conversation terminal(sockwatch({"record", "-q", "-o", directory_ / "t", "--", SIGNAL_TELLER}),
                        setting_, true);
  ASSERT_TRUE(terminal.expect("ready"));
  terminal.type("\x03");
  ASSERT_TRUE(terminal.expect("signal 2"));
  terminal.type("\x1c");
  ASSERT_TRUE(terminal.expect("signal 3"));
  EXPECT_THAT(terminal.listen(300), Not(HasSubstr("signal")));
  ::kill(terminal.pid(), SIGTERM);
  EXPECT_EQ(WEXITSTATUS(terminal.wait()), 3);
}

TEST_F(Terminal, ControlCEndsAPlainCommandWithItsStatus) {
  Conversation terminal(shell_, setting_, true);
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  // exec: a shell that is just forking may miss a Ctrl-C, with us and without.
  terminal.type(record_ + "sh -c 'echo begun; exec sleep 60'\n");
  ASSERT_TRUE(terminal.expect("\nbegun"));
  terminal.type("\x03");
  ASSERT_TRUE(terminal.expect("sockwatch: trace t")) << terminal.heard();
  terminal.type("echo status=$?\n");
  EXPECT_TRUE(terminal.expect("status=130"));
}

TEST_F(Terminal, StopsAndContinuesAsAJob) {
  Conversation terminal(shell_, setting_, true);
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  terminal.type(record_ + SIGNAL_TELLER "\n");
  ASSERT_TRUE(terminal.expect("ready"));
  terminal.type("\x1a");
  ASSERT_TRUE(terminal.expect("Stopped")) << terminal.heard();
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  terminal.type("fg\n");
  ASSERT_TRUE(terminal.expect("sockwatch record"));
  terminal.listen(200);
  terminal.type("\x03");
  ASSERT_TRUE(terminal.expect("signal 2")) << terminal.heard();
  terminal.type("\x04");
  ASSERT_TRUE(terminal.expect("sockwatch: trace t")) << terminal.heard();
  terminal.type("echo status=$?\n");
  EXPECT_TRUE(terminal.expect("status=4")) << terminal.heard();
}

TEST_F(Terminal, GoesOnInTheBackground) {
  Conversation terminal(shell_, setting_, true);
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  terminal.type(record_ + "sh -c 'echo begun; exec sleep 60'\n");
  ASSERT_TRUE(terminal.expect("\nbegun"));
  terminal.type("\x1a");
  ASSERT_TRUE(terminal.expect("Stopped")) << terminal.heard();
  for (const std::string state : {"Running", "Stopped"}) {
    terminal.type(state == "Running" ? "bg\n" : "kill -STOP %1; sleep 0.1\n");
    ASSERT_TRUE(terminal.expect("PROMPT> "));
    terminal.listen(100);
    terminal.type("jobs\n");
    ASSERT_TRUE(terminal.expect(state)) << terminal.heard();
    terminal.listen(100);
  }
  terminal.type("fg\n");
  terminal.listen(200);
  terminal.type("\x03");
  ASSERT_TRUE(terminal.expect("sockwatch: trace t")) << terminal.heard();
  terminal.type("echo status=$?\n");
  EXPECT_TRUE(terminal.expect("status=130")) << terminal.heard();
}

TEST_F(Terminal, FollowsTheCommandThatReadsInTheBackground) {
  Conversation terminal(shell_, setting_, true);
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  terminal.type(record_ + "cat &\n");
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  terminal.listen(300);
  terminal.type("jobs\n");
  ASSERT_TRUE(terminal.expect("Stopped")) << terminal.heard();
  terminal.listen(100);
  terminal.type("fg\n");
  terminal.listen(200);
  terminal.type("line\n\x04");
  ASSERT_TRUE(terminal.expect("line\r\nline\r\n")) << terminal.heard();
  ASSERT_TRUE(terminal.expect("sockwatch: trace t")) << terminal.heard();
}

TEST_F(Terminal, ControlCEndsTheRecordingAndNotWhatWasLeftBehind) {
  Conversation terminal(shell_, setting_, true);
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  // A child that Ctrl-C would end, unlike the background jobs of sh.
  terminal.type(record_ + "bash -c 'set -m; set +m; (trap - INT; exec sleep 60) & echo left=$!'\n");
  ASSERT_TRUE(terminal.expect("\nleft="));
  ASSERT_TRUE(terminal.expect("Ctrl-C ends the recording only")) << terminal.heard();
  const std::size_t at = terminal.heard().rfind("\nleft=") + 6;
  const pid_t left = std::stoi(terminal.heard().substr(at));
  terminal.type("\x1a");
  ASSERT_TRUE(terminal.expect("Stopped")) << terminal.heard();
  terminal.type("fg\n");
  terminal.listen(300);
  terminal.type("\x03");
  ASSERT_TRUE(terminal.expect("sockwatch: trace t")) << terminal.heard();
  EXPECT_TRUE(is_alive(left));
  ::kill(left, SIGKILL);
  terminal.type("echo status=$?\n");
  EXPECT_TRUE(terminal.expect("status=0")) << "the terminal is the shell's again";
  EXPECT_EQ(occurrences(terminal.heard(), "still running"), 1u);
}

TEST_F(Terminal, APipelineKeepsTheTerminal) {
  Conversation terminal(shell_, setting_, true);
  ASSERT_TRUE(terminal.expect("PROMPT> "));
  terminal.type(record_ + "sh -c 'sleep 0.5 & echo through' | cat\n");
  ASSERT_TRUE(terminal.expect("\nthrough"));
  ASSERT_TRUE(terminal.expect("ends the recording only"));
  EXPECT_THAT(terminal.heard(), Not(HasSubstr("Ctrl-C ends")));
  ASSERT_TRUE(terminal.expect("sockwatch: trace t"));
  terminal.type("echo status=$?\n");
  EXPECT_TRUE(terminal.expect("status=0"));
}

}  // namespace
}  // namespace sockwatch::launch
