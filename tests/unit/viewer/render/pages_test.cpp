// The pages of `explain` and `show`, the verdict, and which failures the diagnoses speak for.
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/store/schema.h"
#include "tests/unit/viewer/render/traces.h"
#include "viewer/diagnose/finding.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/connection_page.h"
#include "viewer/render/entry_page.h"
#include "viewer/render/failures.h"
#include "viewer/render/finding_page.h"
#include "viewer/render/text_report.h"
#include "viewer/render/verdict.h"

namespace sockwatch::render {
namespace {

using namespace sockwatch::testing;
using diagnose::Finding;
using ::testing::HasSubstr;
using ::testing::Not;

TextStyle narrow() {
  TextStyle style;
  style.width = 80;
  style.file = "trace.sockwatch";
  return style;
}

// What a rule could say of the ten dead attempts of `incident()`.
Finding silent(const Trace& trace) {
  Finding finding;
  finding.id = "E1";
  finding.rule = "SYNDROP";
  finding.subject = "10.0.7.13:443";
  finding.count = 10;
  finding.of = 20;
  finding.summary = "10.0.7.13:443 never answered: 3 SYNs in 3.0 s, no reply of any kind.";
  finding.evidence = {"state SYN_SENT at close in 10 of 10, packets received: 0", "second", "third",
                      "fourth"};
  finding.excluded = {"DNS (0.4 ms)"};
  finding.next_steps = {"mtr -T -P 443 10.0.7.13", "ss -ltn 'sport = :443' on 10.0.7.13"};
  for (const auto& row : trace.connections) {
    if (row.peer_address == "10.0.7.13" && row.outcome == "timed_out_caller") {
      finding.connections.push_back(row.id);
    }
  }
  finding.connections_total = static_cast<std::int64_t>(finding.connections.size());
  finding.first_ns = kStart + 3 * kS;
  finding.last_ns = kStart + 57 * kS;
  return finding;
}

void expect_within(const std::string& text, std::size_t width) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), width) << line;
}

TEST(Verdict, IsTheWorstFinding) {
  const Trace trace = incident();
  const model::Summary summary = summarise(trace);
  Finding lesser = silent(trace);
  lesser.id = "W1";
  lesser.severity = diagnose::Severity::warning;
  const std::string text =
      verdict(summary, model::group_by_name(summary), {silent(trace), lesser}, narrow());
  EXPECT_THAT(text, ::testing::StartsWith("VERDICT: 10.0.7.13:443 never answered"));
  EXPECT_THAT(text, HasSubstr("In all, 19 of 100 attempts (19 %) failed."));
  EXPECT_THAT(text, HasSubstr("1 warning below."));
  EXPECT_THAT(text, Not(HasSubstr("confidence")));
}

// An attempt that failed, and a rule that knows why it hurt nobody.
TEST(Verdict, AFailureToldForInformationIsNoErrorAndNoRiddle) {
  Trace trace = incident();
  std::erase_if(trace.connections, [&](const auto& row) {
    const auto told = silent(trace).connections;
    return model::failure_of(row) && std::ranges::find(told, row.id) == told.end();
  });
  const model::Summary summary = summarise(trace);
  Finding info = silent(trace);
  info.id = "I1";
  info.severity = diagnose::Severity::info;
  const std::string text = verdict(summary, model::group_by_name(summary), {info}, narrow());
  EXPECT_THAT(text, ::testing::StartsWith("VERDICT: 10.0.7.13:443 never answered"));
  EXPECT_THAT(text, HasSubstr("failed; nothing of it is an error."));
  EXPECT_THAT(text, Not(HasSubstr("No rule")));
}

TEST(Verdict, SaysThatNoRuleKnows) {
  const model::Summary summary = summarise(incident());
  const std::string text = verdict(summary, model::group_by_name(summary), {}, narrow());
  EXPECT_THAT(
      text,
      HasSubstr("No rule of the catalogue says why (all that is known of one: sockwatch show "));
}

TEST(Verdict, WhatNoRuleKnowsHasANextStep) {
  Trace closed;
  closed.process(1, "/usr/bin/curl");
  auto& mute = exchange(connect_in(closed.tcp(0, "10.0.0.3", 80), kMs), kMs);
  mute.ending = "no_response";
  const model::Summary one = summarise(closed);
  EXPECT_THAT(verdict(one, model::group_by_name(one), {}, narrow()),
              HasSubstr("only its own log can tell"));
  Trace icmp;
  icmp.process(1, "/usr/bin/dig");
  auto& row = connect_in(icmp.tcp(0, "10.0.0.3", 53), kMs);
  row.protocol = "udp";
  row.ending = "reset";
  row.error = ECONNREFUSED;
  const model::Summary two = summarise(icmp);
  EXPECT_THAT(verdict(two, model::group_by_name(two), {}, narrow()),
              HasSubstr("nothing listens on that UDP port, or a firewall refuses for it"));
}

// What a warning speaks of may be an error or none.
TEST(Verdict, OfAWarningIsSaidThatItIsNotSure) {
  const Trace trace = [] {
    Trace made;
    made.process(1, "/usr/bin/curl");
    black_hole(made.tcp(0, "10.0.7.13", 443), kS, 0);
    return made;
  }();
  const model::Summary summary = summarise(trace);
  Finding doubtful = silent(trace);
  doubtful.id = "W1";
  doubtful.severity = diagnose::Severity::warning;
  EXPECT_THAT(verdict(summary, model::group_by_name(summary), {doubtful}, narrow()),
              HasSubstr("nothing of it is surely an error."));
}

// The place of the verdict stands first in the table, although others failed more often, but got
// through elsewhere or for a reason nobody knows.
TEST(Verdict, IsAboutTheFirstRowOfTheTable) {
  const Trace trace = incident();
  const model::Summary summary = summarise(trace);
  auto groups = model::group_by_name(summary);
  const auto first_name = [&] { return summary.destinations[groups.front().members[0]].name; };
  ASSERT_EQ(first_name(), "payments.internal");
  Finding refused = silent(trace);
  refused.rule = "REFUSED";
  refused.subject = "localhost:6379";
  Finding elsewhere = silent(trace);
  elsewhere.severity = diagnose::Severity::warning;
  sort_by_errors(groups, summary, {refused, elsewhere});
  EXPECT_EQ(first_name(), "localhost");
  Finding of_an_address = silent(trace);
  of_an_address.subject = "10.0.7.13:443";
  sort_by_errors(groups, summary, {of_an_address, refused});
  EXPECT_EQ(first_name(), "payments.internal");
}

// alarm() around connect: the program ended it itself, and nobody had answered.
TEST(Verdict, WhereNothingConnectedAWarningIsWorse) {
  Trace made;
  made.process(1, "/usr/bin/perl");
  made.tcp(0, "10.0.7.13", 443).outcome = "cancelled";
  const model::Summary summary = summarise(made);
  Finding warning = silent(made);
  warning.severity = diagnose::Severity::warning;
  const auto told = [&](const std::vector<Finding>& findings) {
    return verdict(summary, model::group_by_name(summary), findings, narrow());
  };
  EXPECT_THAT(told({warning}), HasSubstr("VERDICT: 10.0.7.13:443 never answered"));
  EXPECT_THAT(told({warning}), HasSubstr("In all, 0 of 1 attempt connected."));
  EXPECT_THAT(told({}), HasSubstr("Nothing connected: 0 of 1 attempt connected, 1 closed by"));
}

TEST(Verdict, AnAllClearIsNotSpoiledByHints) {
  const model::Summary summary = summarise(healthy());
  const std::string text = verdict(summary, model::group_by_name(summary), {}, narrow());
  EXPECT_THAT(text, HasSubstr("All connects succeeded: 25 attempts to"));
  EXPECT_THAT(text, Not(HasSubstr("No rule")));
}

TEST(Failures, WhatAFindingSaysIsNotSaidAgain) {
  const Trace trace = incident();
  const model::Summary summary = summarise(trace);
  const std::string text = text_report(summary, {silent(trace)}, narrow());
  EXPECT_THAT(text, HasSubstr("E1 SYNDROP  high confidence, 10 of 20 (50 %)"));
  EXPECT_THAT(text, HasSubstr("OTHER FAILED CONNECTIONS"));
  EXPECT_THAT(text, Not(HasSubstr("payments.internal:443 (10.0.7.13)")));
  EXPECT_THAT(text, HasSubstr("! localhost:6379 (127.0.0.1)"));
  EXPECT_THAT(text, HasSubstr("sockwatch explain trace.sockwatch E1"));
  EXPECT_THAT(text, Not(HasSubstr("fourth")));
  expect_within(text, 80);
}

TEST(Failures, AGroupThatAFindingHasOnlyAPartOfStays) {
  const Trace trace = incident();
  const model::Summary summary = summarise(trace);
  Finding part = silent(trace);
  part.connections.resize(3);
  part.connections_total = 3;
  EXPECT_EQ(undiagnosed(summary, {part}).size(), summary.failures.size());
  EXPECT_EQ(undiagnosed(summary, {silent(trace)}).size(), summary.failures.size() - 1);
  Finding group;
  group.explained.push_back(silent(trace));
  EXPECT_EQ(undiagnosed(summary, {group}).size(), summary.failures.size() - 1);
}

// A request that timed out and the SYNs nobody answered before it are different attempts.
TEST(Failures, AFindingAndTheOneInsideItMayHaveEachAPartOfAGroup) {
  const Trace trace = incident();
  const model::Summary summary = summarise(trace);
  Finding outer = silent(trace);
  Finding inner = silent(trace);
  outer.connections.resize(3);
  outer.connections_total = 3;
  inner.connections.erase(inner.connections.begin(), inner.connections.begin() + 3);
  inner.connections_total = 7;
  outer.explained.push_back(inner);
  EXPECT_EQ(undiagnosed(summary, {outer}).size(), summary.failures.size() - 1);
  outer.explained.front().connections.pop_back();
  EXPECT_EQ(undiagnosed(summary, {outer}).size(), summary.failures.size());
}

TEST(FindingPage, TellsAllThatWasFound) {
  const Trace trace = incident();
  Finding finding = silent(trace);
  Finding other = silent(trace);
  other.rule = "SHORTTO";
  other.summary = "the time-out is short";
  finding.explained.push_back(other);
  diagnose::Entry entry;
  entry.title = "SYN never answered";
  entry.meaning = "Nothing came back.";
  entry.not_this = "a slow server";
  FindingFacts facts;
  facts.trace = trace.facts;
  facts.processes = trace.processes;
  for (const auto& row : trace.connections) {
    if (row.id == finding.connections.front()) facts.attempts.push_back(row);
  }
  const std::string text = finding_page(finding, &entry, facts, narrow());
  for (const char* part :
       {"E1 SYNDROP  SYN never answered", "What happened", "Nothing came back.", "Why we say so",
        "- fourth", "It explains", "E1 SHORTTO: the time-out is short", "Not the cause",
        "a slow server", "1. mtr -T", "2. ss -ltn", "the first 1 of 10", "java/4711", "14:02:13",
        "sockwatch show trace.sockwatch 3"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  expect_within(text, 80);
}

TEST(FindingPage, ForeignTextIsCleaned) {
  Finding finding;
  finding.id = "E1";
  finding.rule = "REFUSED";
  finding.subject = finding.summary = "evil\x1b[31m";
  finding.evidence = finding.excluded = finding.next_steps = {"\x1b]0;x\x07"};
  const Trace trace = hostile();
  FindingFacts facts;
  facts.trace = trace.facts;
  facts.processes = trace.processes;
  facts.attempts.assign(trace.connections.begin(), trace.connections.end());
  facts.resolutions.assign(trace.resolutions.begin(), trace.resolutions.end());
  EXPECT_THAT(finding_page(finding, nullptr, facts, narrow()), Not(HasSubstr("\x1b")));
  EXPECT_THAT(text_report(summarise(trace), {finding}, narrow()), Not(HasSubstr("\x1b")));
}

TEST(ConnectionPage, HasEveryColumnOrSaysItIsNotKnown) {
  Trace trace = incident();
  ConnectionFacts facts;
  facts.trace = trace.facts;
  facts.row = trace.connections.front();
  facts.process = trace.processes.front();
  const std::string text = connection_page(facts, narrow());
  for (const auto& column : store::shape_of<store::ConnectionRow>().columns) {
    EXPECT_THAT(text, HasSubstr(column.name));
  }
  EXPECT_THAT(text, HasSubstr("java (pid 4711)"));
  EXPECT_THAT(text, HasSubstr("1 (ESTABLISHED)"));
  expect_within(text, 80);
}

TEST(ConnectionPage, ForeignTextIsCleaned) {
  const Trace trace = hostile();
  for (const auto& row : trace.connections) {
    ConnectionFacts facts;
    facts.trace = trace.facts;
    facts.row = row;
    facts.process = trace.processes.front();
    facts.waits.resize(1);
    facts.waits[0].call = "po\x1bll";
    EXPECT_THAT(connection_page(facts, narrow()), Not(HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace sockwatch::render
