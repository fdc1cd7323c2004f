#include "viewer/model/shell_word.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace sockwatch::model {
namespace {

TEST(ShellWord, WhatIsHarmlessStaysAsItIs) {
  EXPECT_EQ(shell_word("db.internal:443"), "db.internal:443");
  EXPECT_EQ(shell_word("/run/db.sock"), "/run/db.sock");
}

TEST(ShellWord, TheRestIsQuoted) {
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("$(reboot)`x`\\;&|<>*?[]#~!{}\""), "'$(reboot)`x`\\;&|<>*?[]#~!{}\"'");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
}

TEST(ShellWord, NoTerminalIsWrittenTo) {
  EXPECT_EQ(shell_word("a\x1b]0;x\x07\n'\\"), R"($'a\x1b]0;x\x07\x0a\'\\')");
  EXPECT_EQ(shell_word("b\xc3\xbc"), "$'b\xc3\xbc'");
}

TEST(ShellFile, IsNeverAnOption) {
  EXPECT_EQ(shell_file("-rf"), "./-rf");
  EXPECT_EQ(shell_file("-r f"), "'./-r f'");
  EXPECT_EQ(shell_file("a-"), "a-");
}

std::string as_bash_reads(const std::string& word) {
  // popen uses sh, which need not know $'...'.
  std::string quoted;
  for (const char c : "printf %s " + word)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  const std::string command = "bash -c '" + quoted + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  std::string out;
  std::array<char, 256> bytes{};
  for (std::size_t n = 0; (n = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
    out.append(bytes.data(), n);
  }
  ::pclose(pipe);
  return out;
}

TEST(ShellWord, AShellReadsItBackAsItWas) {
  if (std::system("bash -c true") != 0) GTEST_SKIP() << "skipped, because there is no bash";
  for (const std::string text :
       {"plain", "a b", "it's", "$(echo no) `echo no` \\ \" !", "tab\tnew\nline", "\x1b[31mred\x7f",
        "b\xc3\xbc"
        "cher 'x' \\",
        "\xff\xfe", "#no comment", "~", "a=b; c"}) {
    EXPECT_EQ(as_bash_reads(shell_word(text)), text);
  }
}

}  // namespace
}  // namespace sockwatch::model
