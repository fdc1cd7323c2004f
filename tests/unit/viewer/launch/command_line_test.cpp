#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "viewer/cli/commands.h"
#include "viewer/cli/launch_command.h"

namespace sockwatch::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SplitCommandLine : public ::testing::Test {
 protected:
  SplitCommandLine() { add_run(app_, exit_, nothing_); }
  CommandLine split(const std::vector<std::string>& words) {
    return split_command_line(words, *app_.get_subcommand("run"));
  }
  CLI::App app_;
  Exit exit_;
  std::vector<std::string> nothing_;
};

TEST_F(SplitCommandLine, TheCommandBeginsAfterTwoDashes) {
  const auto line = split({"run", "-q", "--", "ls", "-l"});
  EXPECT_THAT(line.own, ElementsAre("run", "-q"));
  EXPECT_THAT(line.command, ElementsAre("ls", "-l"));
}

TEST_F(SplitCommandLine, OrAtTheFirstPlainWord) {
  const auto line = split({"run", "--force", "curl", "-o", "x", "--", "y"});
  EXPECT_THAT(line.own, ElementsAre("run", "--force"));
  EXPECT_THAT(line.command, ElementsAre("curl", "-o", "x", "--", "y"));
}

TEST_F(SplitCommandLine, ValuesOfOptionsAreNotTheCommand) {
  EXPECT_THAT(split({"run", "-o", "file", "ls"}).command, ElementsAre("ls"));
  EXPECT_THAT(split({"run", "--output", "file", "ls"}).command, ElementsAre("ls"));
  EXPECT_THAT(split({"run", "--output=file", "ls"}).command, ElementsAre("ls"));
  EXPECT_THAT(split({"run", "-ofile", "ls"}).command, ElementsAre("ls"));
  EXPECT_THAT(split({"run", "-qo", "file", "ls"}).command, ElementsAre("ls"));
  EXPECT_THAT(split({"run", "--detail", "calls", "ls"}).command, ElementsAre("ls"));
}

TEST_F(SplitCommandLine, WordsOfTheCommandStayAsTheyAre) {
  const std::vector<std::string> command = {"run", "", "[1,2]", "--", "a=b", "++", "-q", "%x"};
  std::vector<std::string> words = {"run", "--"};
  words.insert(words.end(), command.begin(), command.end());
  EXPECT_EQ(split(words).command, command);
}

TEST_F(SplitCommandLine, NoCommandAtAll) {
  EXPECT_THAT(split({"run"}).command, IsEmpty());
  EXPECT_THAT(split({"run", "--"}).command, IsEmpty());
  EXPECT_THAT(split({"run", "-o"}).command, IsEmpty());
  EXPECT_THAT(split({"run", "--help"}).own, ElementsAre("run", "--help"));
}

}  // namespace
}  // namespace sockwatch::cli
