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

TEST(Match, ALetterIsOneLetterOrADash) {
  EXPECT_TRUE(matches("!sC?? #/#", "- - sC-- 1/1"));
  EXPECT_TRUE(matches("!sC?? #/#", "- - sCVN 1/1"));
  EXPECT_FALSE(matches("!sC?? #/#", "- - sC1- 1/1"));
  EXPECT_FALSE(matches("!sC?? #/#", "- - sC- 1/1"));
}

TEST(Match, WhatALogPutsBeforeIsNoPartOfTheWhole) {
  for (const std::string_view said :
       {"2026-11-24T14:42:13.123Z ERROR timed out",
        "2026-11-24 14:42:13,123 [main] WARN: timed out", "[error] 7#7: timed out",
        "ERROR: timed out", "14:42:13 | timed out"}) {
    const bool found = matches("=timed out", said);
    EXPECT_EQ(found, said.find("7#7") == said.npos) << said;
  }
  EXPECT_FALSE(matches("=timed out", "2026 things timed out"));
}

TEST(Tidy, ColoursGo) {
  EXPECT_EQ(tidy("\x1b[1;31mError:\x1b[0m a"), "Error: a");
  EXPECT_EQ(tidy("\\u001b[31ma\\u001b[0m \\x1b[2Kb \\033[1mc \\e[0md"), "a b c d");
  EXPECT_EQ(tidy("#033[31ma#033[0m#012b ^[[31mc"), "a b c");
  EXPECT_EQ(tidy("\x1b"), "");
}

TEST(Tidy, EscapesOfJsonAndHtmlAreReadAway) {
  EXPECT_EQ(tidy(R"(https:\/\/a.example\/x \u003e \"b\"\n\tc)"), R"(https://a.example/x > "b" c)");
  EXPECT_EQ(tidy(R"(\\\"a\\\"\\n b)"), R"("a" b)");  // JSON in JSON
  EXPECT_EQ(tidy("&quot;a&quot; &gt;&lt; &#39;b&#039; &amp;"), "\"a\" >< 'b' &");
  EXPECT_EQ(tidy(R"(\q \u00 \uzzzz \)"), R"(\q \u00 \uzzzz \)");
}

TEST(Find, TheSentenceInALongLogIsFound) {
  std::string log;
  for (int i = 0; i < 1'000; ++i) log += "2026-11-24 14:42:13 INFO nothing of note happened here\n";
  const auto found = find_texts(log + "dial tcp 10.0.0.1:80: connect: connection refused");
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found.front().printed_by.starts_with("Go"));
}

TEST(Find, WordsOfAnyProgramNameNone) {
  for (const std::string_view said :
       {"connect: Connection refused", "perror: connect: No route to host", "Connection timed out",
        "x.sock: connect: Connection refused", "frobnicate: Network is unreachable"}) {
    const auto found = find_texts(said);
    ASSERT_EQ(found.size(), 1U) << said;
    EXPECT_TRUE(found.front().printed_by.starts_with("the C library")) << said;
  }
}

TEST(Find, WordsOfAnyProgramAreLeftOutWhereAProgramToldTheReason) {
  for (const ErrorText& text :
       find_texts("upstream timed out (110: Connection timed out) while "
                  "connecting to upstream ... connect: Connection refused")) {
    EXPECT_FALSE(text.printed_by.starts_with("the C library"));
  }
  // It did not tell it: then they are all there is.
  const auto found = find_texts("It was not possible to connect to the redis server(s). errno 111");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(found[0].printed_by.starts_with(".NET"));
  EXPECT_TRUE(found[1].printed_by.starts_with("the C library"));
}

TEST(Find, OfTwoProgramsWithTheSameWordsBothAreNamed) {
  const auto both = find_texts("Too many connections");
  ASSERT_EQ(both.size(), 2U);
  EXPECT_TRUE(both[0].printed_by.starts_with("MySQL's server"));
  EXPECT_TRUE(both[1].printed_by.starts_with("Python: redis-py"));
  EXPECT_EQ(find_texts("redis.exceptions.ConnectionError: Too many connections").size(), 1U);
}

TEST(Find, FilesAndWordsOfTwoLettersAreNoNetwork) {
  for (const std::string_view said :
       {"24 DC comics", "the UF of the UN", "error: UT Austin", "404 NR", "SC-- CC-- done",
        "bash: -c: line 1: unexpected EOF while looking for matching `\"'",
        "Command timed out after 30 seconds", "bash: ./run.sh: Permission denied",
        "cp: cannot open file: Permission denied",
        "open() \"/x/favicon.ico\" failed (2: No such file or directory), client: 192.0.2.7",
        "web app/s1 0/0/1/2/3 200 300 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\""}) {
    const auto found = find_texts(said);
    EXPECT_TRUE(found.empty()) << said << " taken for: " << found.front().printed_by;
  }
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
