// The judge itself: it must be able to condemn.
#include "tests/netlab/incidents/matrix.h"

#include <gmock/gmock.h>

namespace sockwatch::netlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Found found(const std::string& rule, const std::string& severity, const std::string& confidence) {
  return {
      .rule = rule, .severity = severity, .confidence = confidence, .summary = "", .explained = {}};
}

Played played(std::vector<std::string> expected, std::vector<Found> findings) {
  Played one;
  one.name = "SYNs vanish";
  one.client = "curl";
  one.expected = std::move(expected);
  one.found = std::move(findings);
  return one;
}

TEST(Matrix, HoldsWhereEveryVerdictIsRight) {
  const auto one = played({"SYNDROP"}, {found("SYNDROP", "error", "high")});
  EXPECT_THAT(one.missing(), IsEmpty());
  EXPECT_THAT(one.wrong(), IsEmpty());
  EXPECT_TRUE(holds({one}));
}

TEST(Matrix, WrongVerdictOfHighConfidenceBreaksIt) {
  const auto one =
      played({"SYNDROP"}, {found("SYNDROP", "error", "high"), found("REFUSED", "warning", "high")});
  ASSERT_EQ(one.wrong().size(), 1U);
  EXPECT_EQ(one.wrong()[0].rule, "REFUSED");
  EXPECT_FALSE(holds({one}));
}

TEST(Matrix, LessSureOnesAndInfosDoNot) {
  const auto one =
      played({}, {found("QUEUEFULL", "error", "medium"), found("FAR", "info", "high")});
  EXPECT_EQ(one.doubtful().size(), 1U);
  EXPECT_TRUE(holds({one}));
}

TEST(Matrix, WhatIsAlsoTrueIsNotWrong) {
  auto one = played({"BADADDR"}, {found("BADADDR", "error", "high")});
  one.found[0].explained = {found("SYNDROP", "error", "high")};
  EXPECT_FALSE(holds({one}));
  one.also = {"SYNDROP"};
  EXPECT_TRUE(holds({one}));
}

TEST(Matrix, AVerdictInsideAnotherIsNotInTheList) {
  auto one = played({"SYNDROP"}, {found("BADADDR", "error", "high")});
  one.found[0].explained = {found("SYNDROP", "error", "high")};
  EXPECT_THAT(one.missing(), ElementsAre("SYNDROP"));
}

TEST(Matrix, OneMissedOfTwentyIsTheLimit) {
  const auto right = played({"REFUSED"}, {found("REFUSED", "error", "high")});
  std::vector<Played> all(19, right);
  all.push_back(played({"REFUSED"}, {}));
  EXPECT_TRUE(holds(all));
  all.pop_back();
  all.pop_back();
  all.push_back(played({"REFUSED"}, {}));
  EXPECT_FALSE(holds(all));
}

TEST(Matrix, ABrokenIncidentBreaksItAndASkippedOneDoesNotCount) {
  const auto right = played({"REFUSED"}, {found("REFUSED", "error", "high")});
  auto other = played({"FAR"}, {});
  other.skipped = "no TUN";
  EXPECT_TRUE(holds({right, other}));
  EXPECT_FALSE(holds({other}));
  other.skipped.clear();
  other.broken = "nginx said 200";
  EXPECT_FALSE(holds({right, other}));
}

TEST(Matrix, MarkdownNamesMistakes) {
  const auto one = played({"SYNDROP"}, {found("REFUSED", "error", "high")});
  const std::string text = as_markdown({one});
  EXPECT_THAT(text, HasSubstr("| SYNs vanish | curl | SYNDROP | REFUSED error high | WRONG |"));
  EXPECT_THAT(text, HasSubstr("| REFUSED | 0 | 0 | 1 | SYNDROP |"));
  EXPECT_THAT(text, HasSubstr("| SYNDROP | 1 | 1 | 0 |  |"));
}

}  // namespace
}  // namespace sockwatch::netlab
