#include "viewer/texts/match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sockwatch::texts {
namespace {

bool matches(std::string_view pattern, std::string_view said) {
  return match(pattern, tidy(said)).weight > 0;
}

TEST(Match, PartsStandInTheirOrder) {
  EXPECT_TRUE(matches("dial tcp*i/o timeout", "Dial TCP 10.0.0.1:80: i/o timeout"));
  EXPECT_FALSE(matches("dial tcp*i/o timeout", "i/o timeout, dial tcp"));
}

TEST(Match, ANumberIsAnyNumberAndNothingElse) {
  EXPECT_TRUE(matches("after # ms", "after 1001 ms"));
  EXPECT_FALSE(matches("after # ms", "after some ms"));
  EXPECT_FALSE(matches("error 11", "error 111"));
}

TEST(Match, WordsAreWhole) {
  EXPECT_FALSE(matches("!=UF", "BUFFER"));
  EXPECT_FALSE(matches("eof", "typeof"));
  EXPECT_TRUE(matches(": eof", "read: EOF"));
}

TEST(Match, LiteralPatternsKeepTheirCase) {
  EXPECT_TRUE(matches("!sC--", "web/s1 0/0/-1/-1/3001 503 217 - - sC-- 1/1/0/0/3"));
  EXPECT_FALSE(matches("!sC--", "web/s1 SC-- 1/1"));
}

TEST(Match, WholeMeansTheWholeText) {
  EXPECT_TRUE(matches("=timed out", "  timed out\n"));
  EXPECT_FALSE(matches("=timed out", "it timed out"));
}

TEST(Match, ASecondOccurrenceCanBeTheOne) {
  const std::string far(2 * kGap, '-');
  EXPECT_TRUE(matches("lookup*no such host", "lookup " + far + " lookup a.example: no such host"));
  EXPECT_FALSE(matches("lookup*no such host", "lookup " + far + " no such host"));
}

TEST(Match, BlanksLinesAndQuotesAreOneKind) {
  EXPECT_TRUE(matches("host address 'a'", "host   address\n\t‘a’"));
}

TEST(Match, AnyTextIsHarmless) {
  for (const std::string& text : {std::string(), std::string(" "), std::string(1'000'000, 'a'),
                                  std::string(1'000'000, '*'), std::string("\0\xff\xfe", 3)}) {
    EXPECT_TRUE(find_texts(text).empty());
  }
}

// What every entry must keep to, so that it can be found at all.
TEST(Tables, EveryAlternativeFindsItsEntry) {
  for (const ErrorText& entry : all_texts()) {
    std::string_view rest = entry.pattern;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(" || "), rest.size());
      std::string said(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 4, rest.size()));
      const bool literal = said.starts_with('!');
      if (literal) said.erase(0, 1);
      if (said.starts_with('=')) said.erase(0, 1);
      if (!literal) {
        EXPECT_TRUE(std::ranges::none_of(said, [](char c) { return c >= 'A' && c <= 'Z'; }))
            << said;
      }
      for (char& c : said) c = c == '*' ? ' ' : c == '#' ? '7' : c == '?' ? '-' : c;
      EXPECT_GT(match(entry.pattern, tidy(said)).weight, 0U) << said;
    }
  }
}

TEST(Tables, EveryEntrySaysWhoWhatAndHowToRecord) {
  for (const ErrorText& entry : all_texts()) {
    EXPECT_FALSE(entry.printed_by.empty()) << entry.pattern;
    ASSERT_NE(entry.meaning, nullptr) << entry.pattern;
    EXPECT_FALSE(entry.meaning->rules.empty() && entry.meaning->outcomes.empty()) << entry.pattern;
    ASSERT_NE(entry.recording, nullptr) << entry.pattern;
    EXPECT_TRUE(entry.recording->command.starts_with("sockwatch ")) << entry.pattern;
  }
}

}  // namespace
}  // namespace sockwatch::texts
