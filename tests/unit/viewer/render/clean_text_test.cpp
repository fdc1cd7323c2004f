#include "viewer/render/clean_text.h"

#include <gtest/gtest.h>

#include <random>

#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

TEST(CleanText, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(clean("/usr/bin/curl -v"), "/usr/bin/curl -v");
  EXPECT_EQ(clean("bücher.example/日本🙂"), "bücher.example/日本🙂");
}

TEST(CleanText, EscapesWhatCouldReachTheTerminal) {
  EXPECT_EQ(clean("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(clean(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(clean("a\r\n\tb\x7f"), "a\\x0d\\x0a\\x09b\\x7f");
  EXPECT_EQ(clean("\xc2\x9b"
                  "31m"),
            "\\xc2\\x9b31m");  // C1: a terminal may read it as ESC [
}

TEST(CleanText, EscapesWhatHidesOrReorders) {
  EXPECT_EQ(clean("\xe2\x80\xae"), "\\xe2\\x80\\xae");           // right-to-left override
  EXPECT_EQ(clean("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");           // isolate
  EXPECT_EQ(clean("\xe2\x80\x8b"), "\\xe2\\x80\\x8b");           // zero-width space
  EXPECT_EQ(clean("\xef\xbb\xbf"), "\\xef\\xbb\\xbf");           // byte order mark
  EXPECT_EQ(clean("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81");  // tag character
  EXPECT_EQ(clean("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");           // line separator
}

TEST(CleanText, EscapesInvalidUtf8) {
  EXPECT_EQ(clean("\xff"), "\\xff");
  EXPECT_EQ(clean("\xc0\xaf"), "\\xc0\\xaf");                    // overlong /
  EXPECT_EQ(clean("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");           // overlong /
  EXPECT_EQ(clean("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(clean("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(clean("a\xe2\x80"), "a\\xe2\\x80");                  // cut short
  EXPECT_EQ(clean("\x80"), "\\x80");
}

TEST(CleanText, AsciiEscapesEverythingElse) { EXPECT_EQ(clean("bü", true), "b\\xc3\\xbc"); }

TEST(CleanText, RandomBytesNeverComeThrough) {
  std::mt19937 random(4);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (unsigned i = 0; i < random() % 12; ++i) text += static_cast<char>(random());
    const std::string out = clean(text);
    for (std::string_view rest = out; !rest.empty();) {
      const Character c = first_character(rest);
      ASSERT_GT(c.length, 0u);
      ASSERT_FALSE(c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0));
      rest.remove_prefix(c.length);
    }
    for (const char c : clean(text, true)) ASSERT_TRUE(c >= 0x20 && c < 0x7f);
  }
}

TEST(CleanText, ColumnsOnScreen) {
  EXPECT_EQ(columns("abc"), 3u);
  EXPECT_EQ(columns("bücher"), 6u);
  EXPECT_EQ(columns("日本"), 4u);
  EXPECT_EQ(columns("e\xcc\x81"), 1u);  // e and a combining accent
  EXPECT_EQ(columns("🙂"), 2u);
}

TEST(WordWrap, BreaksAtSpacesAndKeepsWordsWhole) {
  EXPECT_EQ(wrapped("one two three", 8, 2), "one two\n  three\n");
  EXPECT_EQ(wrapped("a-word-longer-than-the-line b", 8, 2), "a-word-longer-than-the-line\n  b\n");
  EXPECT_EQ(wrapped("    indented text here", 12, 4), "    indented\n    text\n    here\n");
  EXPECT_EQ(wrapped("", 8, 2), "\n");
  EXPECT_EQ(wrapped("a  b ", 8, 0), "a b\n");
}

}  // namespace
}  // namespace sockwatch::render
