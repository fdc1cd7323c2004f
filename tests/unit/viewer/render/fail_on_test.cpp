// --fail-on: what is asked, and when it is met.
#include "viewer/cli/fail_on.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/viewer/render/traces.h"
#include "viewer/diagnose/diagnose.h"

namespace sockwatch::cli {
namespace {

using namespace sockwatch::testing;

// 20 attempts: 1 refused, 2 given up, 1 answered by nobody after it connected, 16 fine.
model::Summary mixed() {
  Trace trace;
  trace.process(1, "/usr/bin/curl");
  refuse(trace.tcp(kS, "10.0.0.1", 80));
  for (int i = 0; i < 2; ++i) black_hole(trace.tcp(kS, "10.0.0.2", 80), kS, 0);
  auto& silent = exchange(connect_in(trace.tcp(kS, "10.0.0.3", 80), kMs), kMs);
  silent.ending = "response_timed_out";
  for (int i = 0; i < 16; ++i) exchange(connect_in(trace.tcp(kS, "10.0.0.4", 80), kMs), kMs);
  trace.lookup(0, "gone.example", kMs, -2);
  trace.lookup(0, "here.example", kMs, 0);
  return summarise(trace);
}

std::size_t met_by(std::string_view text, const std::vector<diagnose::Finding>& findings = {}) {
  const auto terms = parse_fail_on(text);
  EXPECT_TRUE(terms) << text;
  return terms ? met(*terms, mixed(), findings).size() : 99;
}

diagnose::Finding found(std::string_view rule, std::int64_t count, std::int64_t of) {
  diagnose::Finding finding;
  finding.rule = rule;
  finding.count = count;
  finding.of = of;
  return finding;
}

TEST(FailOn, OneIsEnoughWithoutALimit) {
  EXPECT_EQ(met_by("refused"), 1U);
  EXPECT_EQ(met_by("rejected"), 0U);
  EXPECT_EQ(met_by("response_timed_out"), 1U);
  EXPECT_EQ(met_by("refused,rejected, timeout"), 2U);
  EXPECT_EQ(met_by(""), 0U);
}

// Whoever passes an address to getaddrinfo asks nobody.
TEST(FailOn, AddressesAreNoLookups) {
  Trace trace;
  trace.process(1, "/usr/bin/curl");
  for (const char* address : {"10.0.0.7", "::1", "fe80::1%eth0"}) trace.lookup(0, address, kMs, 0);
  trace.lookup(0, "gone.example", kMs, -2);
  trace.lookup(0, "here.example", kMs, 0);
  const model::Summary summary = summarise(trace);
  EXPECT_EQ(met(*parse_fail_on("lookup"), summary, {}).front(), "--fail-on lookup: 1 of 2 lookups");
  EXPECT_EQ(met(*parse_fail_on("lookup>49%"), summary, {}).size(), 1U);
}

TEST(FailOn, GroupsCountTogether) {
  EXPECT_EQ(met_by("timeout>2"), 1U);
  EXPECT_EQ(met_by("timeout>3"), 0U);
  EXPECT_EQ(met_by("failure>3"), 1U);
  EXPECT_EQ(met_by("failure>4"), 0U);
}

TEST(FailOn, SharesAreOfAllAttempts) {
  EXPECT_EQ(met_by("refused>4.9%"), 1U);
  EXPECT_EQ(met_by("refused>5%"), 0U);
  EXPECT_EQ(met_by("refused > 0 %"), 0U + 1U);
  EXPECT_EQ(met_by("rejected>0%"), 0U);
}

TEST(FailOn, LookupsAreCountedByThemselves) {
  EXPECT_EQ(met_by("lookup"), 1U);
  EXPECT_EQ(met_by("lookup>49%"), 1U);
  EXPECT_EQ(met_by("lookup>50%"), 0U);
}

TEST(FailOn, DiagnosesInAnyCaseAlsoThoseAnotherOneExplains) {
  const auto rules = diagnose::all_rules();
  ASSERT_FALSE(rules.empty());
  const std::string id(rules.front()->entry().id);
  std::string lower = id;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  EXPECT_EQ(met_by(id), 0U);
  EXPECT_EQ(met_by(lower, {found(rules.front()->entry().id, 3, 10)}), 1U);
  EXPECT_EQ(met_by(id + ">30%", {found(rules.front()->entry().id, 3, 10)}), 0U);
  auto group = found("GROUP", 3, 3);
  group.explained.push_back(found(rules.front()->entry().id, 3, 10));
  EXPECT_EQ(met_by(id + ">2", {group}), 1U);
}

TEST(FailOn, AllFindingsOfADiagnosisAreAddedUp) {
  const std::vector findings = {found("REFUSED", 6, 6), found("DNS-FAIL", 1, 1),
                                found("REFUSED", 1, 10)};
  EXPECT_EQ(met_by("REFUSED>6", findings), 1U);
  EXPECT_EQ(met_by("REFUSED>7", findings), 0U);
  // A share is that of one place: elsewhere all may be well.
  EXPECT_EQ(met_by("REFUSED>99%", findings), 1U);
  EXPECT_EQ(met_by("REFUSED>99%", {found("REFUSED", 1, 10), found("REFUSED", 9, 10)}), 0U);
  // Many places told as one: it has counted them.
  auto together = found("REFUSED", 7, 16);
  together.explained = {findings[0], findings[2]};
  EXPECT_EQ(met_by("REFUSED>6", {together}), 1U);
  EXPECT_EQ(met_by("REFUSED>7", {together}), 0U);
  auto other = found("BADADDR", 7, 16);
  other.explained = {findings[0], findings[2]};
  EXPECT_EQ(met_by("REFUSED>6", {other}), 1U);
  const auto terms = parse_fail_on("REFUSED>6");
  EXPECT_THAT(met(*terms, mixed(), findings),
              ::testing::ElementsAre("--fail-on REFUSED>6: 7 of 16 (44 %)"));
}

TEST(FailOn, LettersMatterOnlyBetweenAnOutcomeAndADiagnosis) {
  const std::vector findings = {found("REFUSED", 6, 6)};
  EXPECT_EQ(met_by("refused>5", findings), 0U);  // the outcome: 1 attempt
  EXPECT_EQ(met_by("REFUSED>5", findings), 1U);
  EXPECT_EQ(met_by("TIMEOUT>1,Failure>3,LOOKUP,Response_Timed_Out"), 4U);
  EXPECT_EQ(met_by("REFUSED:INFO>5", findings), 1U);
}

TEST(FailOn, SaysWhenAConditionCanNeverBeMet) {
  for (const char* text : {"timeout>100%", "timeout>101%"}) {
    const auto terms = parse_fail_on(text);
    ASSERT_FALSE(terms);
    EXPECT_THAT(terms.error().message, ::testing::HasSubstr("can never be met"));
  }
}

TEST(FailOn, WhatIsToldForInformationIsNoProblem) {
  auto one = found("SHORTTO", 3, 10);
  for (const auto severity : {diagnose::Severity::error, diagnose::Severity::warning}) {
    one.severity = severity;
    EXPECT_EQ(met_by("SHORTTO", {one}), 1U);
    EXPECT_EQ(met_by("SHORTTO:info", {one}), 1U);
  }
  one.severity = diagnose::Severity::info;
  EXPECT_EQ(met_by("SHORTTO", {one}), 0U);
  EXPECT_EQ(met_by("shortto:info", {one}), 1U);
  EXPECT_EQ(met_by("SHORTTO:info > 2", {one}), 1U);
  EXPECT_EQ(met_by("SHORTTO:info>3", {one}), 0U);
  // Inside of one that is a problem it still is none.
  auto group = found("BADADDR", 3, 3);
  group.explained.push_back(one);
  EXPECT_EQ(met_by("SHORTTO", {group}), 0U);
  EXPECT_EQ(met_by("SHORTTO:info", {group}), 1U);
}

TEST(FailOn, SaysWhatWasMet) {
  const auto terms = parse_fail_on("timeout>1%");
  ASSERT_TRUE(terms);
  EXPECT_THAT(met(*terms, mixed(), {}),
              ::testing::ElementsAre("--fail-on timeout>1%: 3 of 20 attempts (15 %)"));
}

TEST(FailOn, RefusesNonsense) {
  for (const char* text : {"quark", "refused,", ",refused", "refused>", "refused>x", "refused>-1",
                           "refused>100%", "refused>1%%", "refused>nan", "SHORTTO:", "SHORTTO:x",
                           "refused>1e999", ">1", "refused<1", " "}) {
    const auto terms = parse_fail_on(text);
    ASSERT_FALSE(terms) << text;
    EXPECT_FALSE(terms.error().message.empty());
    EXPECT_FALSE(terms.error().hint.empty());
  }
}

}  // namespace
}  // namespace sockwatch::cli
