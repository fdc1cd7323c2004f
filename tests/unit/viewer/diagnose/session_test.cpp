#include <gmock/gmock.h>

#include <set>

#include "tests/unit/viewer/diagnose/rows.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::testing {
namespace {

using diagnose::Attempt;
using diagnose::Confidence;
using diagnose::Entry;
using diagnose::Finding;
using diagnose::Rules;
using diagnose::Severity;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Says what it is told to.
class Prepared : public diagnose::Rule {
 public:
  explicit Prepared(std::vector<Finding> findings) : findings_(std::move(findings)) {}
  const Entry& entry() const override {
    static const Entry kEntry{.id = "TEST"};
    return kEntry;
  }
  void conclude(std::vector<Finding>& findings) override {
    findings.insert(findings.end(), findings_.begin(), findings_.end());
  }

 private:
  std::vector<Finding> findings_;
};

// Counts what it is shown.
class Counting : public diagnose::Rule {
 public:
  Counting(bool wants_healthy, int& seen) : wants_healthy_(wants_healthy), seen_(seen) {}
  const Entry& entry() const override {
    static const Entry kEntry{.id = "COUNT"};
    return kEntry;
  }
  void see(const Attempt&) override { ++seen_; }
  void conclude(std::vector<Finding>&) override {}
  bool wants_healthy() const override { return wants_healthy_; }

 private:
  bool wants_healthy_;
  int& seen_;
};

Finding made(std::string_view rule, std::string subject, Severity severity = Severity::error,
             Confidence confidence = Confidence::high, std::int64_t count = 1) {
  Finding finding;
  finding.rule = rule;
  finding.subject = std::move(subject);
  finding.severity = severity;
  finding.confidence = confidence;
  finding.count = count;
  return finding;
}

std::vector<Finding> finish(std::vector<Finding> findings) {
  Rules rules;
  rules.push_back(std::make_unique<Prepared>(std::move(findings)));
  return run(std::move(rules), Rows{});
}

std::vector<std::string> refs(const std::vector<Finding>& findings) {
  std::vector<std::string> result;
  for (const auto& finding : findings) result.push_back(finding.id + " " + finding.subject);
  return result;
}

// The first one is the verdict of the report: what accounts for most of the failures.
TEST(Session, WorstFirstThenMostFrequentThenSurest) {
  const auto findings = finish({made("A", "info", Severity::info), made("A", "few"),
                                made("A", "warning", Severity::warning),
                                made("A", "hint", Severity::error, Confidence::low, 99),
                                made("A", "likely", Severity::error, Confidence::medium),
                                made("A", "many", Severity::error, Confidence::medium, 7)});
  EXPECT_THAT(refs(findings),
              ElementsAre("E1 many", "E2 few", "E3 likely", "E4 hint", "W1 warning", "I1 info"));
}

// Ten failures of one place in two ways are more than six of another in one.
TEST(Session, ErrorsOfAPlaceWeighTogether) {
  Rows rows;
  for (int i = 0; i < 10; ++i) rows.refused(i * kMs, "10.0.0.7", 443, "shop");
  for (int i = 0; i < 6; ++i) rows.refused(i * kMs, "10.0.0.8", 443);
  const auto order = [&](std::vector<Finding> findings) {
    Rules rules;
    rules.push_back(std::make_unique<Prepared>(std::move(findings)));
    std::vector<std::string> subjects;
    for (const Finding& one : run(std::move(rules), rows)) {
      subjects.push_back(std::string(one.rule) + " " + one.subject);
    }
    return subjects;
  };
  const auto error = [](std::string_view rule, std::string subject, std::int64_t count) {
    return made(rule, std::move(subject), Severity::error, Confidence::high, count);
  };
  EXPECT_THAT(order({error("A", "10.0.0.8:443", 6), error("B", "shop:443", 4),
                     error("C", "10.0.0.7:443", 5)}),  // one address of it
              ElementsAre("C 10.0.0.7:443", "B shop:443", "A 10.0.0.8:443"));
  // No more than have failed, and what is no error there does not count.
  EXPECT_THAT(
      order({error("A", "names", 11), error("B", "shop:443", 8), error("C", "shop:443", 9)}),
      ElementsAre("A names", "C shop:443", "B shop:443"));
  auto made_good = error("W", "shop:443", 9);
  made_good.severity = Severity::warning;
  EXPECT_THAT(order({error("A", "10.0.0.8:443", 6), error("B", "shop:443", 1), made_good}),
              ElementsAre("A 10.0.0.8:443", "B shop:443", "W shop:443"));
}

TEST(Session, WhatIsExplainedStandsInsideAndMakesTheReasonAsSevere) {
  auto reason = made("BADADDR", "db:5432", Severity::warning);
  reason.explains = {{"SYNDROP", "10.0.0.7:5432"}, {"SYNDROP", "not there"}};
  const auto findings =
      finish({made("SYNDROP", "10.0.0.7:5432"), made("SYNDROP", "other:80"), reason});
  EXPECT_THAT(refs(findings), ElementsAre("E1 db:5432", "E2 other:80"));
  EXPECT_THAT(refs(findings[0].explained), ElementsAre("E3 10.0.0.7:5432"));
}

TEST(Session, ReasonsOfReasonsNestAndNeverRunInACircle) {
  auto a = made("A", "x");
  auto b = made("B", "x");
  auto c = made("C", "x");
  a.explains = {{"B", "x"}};
  b.explains = {{"C", "x"}, {"A", "x"}, {"B", "x"}};
  const auto findings = finish({c, b, a});
  ASSERT_THAT(ids(findings), ElementsAre("A"));
  ASSERT_THAT(ids(findings[0].explained), ElementsAre("B"));
  EXPECT_THAT(ids(findings[0].explained[0].explained), ElementsAre("C"));
}

TEST(Session, OneFindingIsInsideOneReasonOnly) {
  auto sure = made("A", "x");
  auto unsure = made("B", "x", Severity::error, Confidence::low);
  sure.explains = unsure.explains = {{"SYNDROP", "x"}};
  const auto findings = finish({unsure, sure, made("SYNDROP", "x")});
  ASSERT_THAT(ids(findings), ElementsAre("A", "B"));
  EXPECT_THAT(ids(findings[0].explained), ElementsAre("SYNDROP"));
  EXPECT_THAT(findings[1].explained, IsEmpty());
}

TEST(Session, HealthyAttemptsAreShownOnlyToThoseThatWantThem) {
  Rows rows;
  rows.connected(0, "10.0.0.7", 443);
  rows.connected(0, "10.0.0.7", 443).syn_retransmits = 1;
  rows.refused(0, "10.0.0.7", 444);
  int wanting = 0;
  int other = 0;
  Rules rules;
  rules.push_back(std::make_unique<Counting>(true, wanting));
  rules.push_back(std::make_unique<Counting>(false, other));
  run(std::move(rules), rows);
  EXPECT_EQ(wanting, 3);
  EXPECT_EQ(other, 2);
}

TEST(Session, PlacesBeyondTheLimitAreCountedAndNotShown) {
  int seen = 0;
  Rules rules;
  rules.push_back(std::make_unique<Counting>(true, seen));
  diagnose::Session session({}, std::move(rules));
  Rows rows;
  store::ConnectionRow row = rows.refused(0, "10.0.0.7", 1);
  for (std::size_t i = 0; i < diagnose::Places::kLimit + 5; ++i) {
    row.peer_address = "host" + std::to_string(i);
    session.add(row);
  }
  row.peer_address = "host1";
  session.add(row);
  EXPECT_EQ(seen, static_cast<int>(diagnose::Places::kLimit) + 1);
  EXPECT_EQ(session.unexamined(), 5);
}

// Keeps what it is shown.
class Keeping : public Counting {
 public:
  explicit Keeping(std::vector<store::ConnectionRow>& kept)
      : Counting(true, unused_), kept_(kept) {}
  void see(const Attempt& attempt) override {
    kept_.push_back(attempt.row);
    EXPECT_LE(attempt.elapsed_ns, std::int64_t{1} << 60);
  }

 private:
  int unused_ = 0;
  std::vector<store::ConnectionRow>& kept_;
};

// Rules subtract and multiply without a look at the size.
TEST(Session, RulesSeeNumbersThatCanBe) {
  Rows rows;
  rows.connected(0, "10.0.0.7", 443).bytes_sent = 5'000'000'000;
  auto& forged = rows.connected(kS, "10.0.0.7", 443);
  forged.started_ns = INT64_MIN;
  forged.decided_ns = INT64_MAX;
  forged.close_last_ack_ms = INT64_MAX;
  forged.retransmits = INT64_MIN;
  forged.cookie = INT64_MAX;
  std::vector<store::ConnectionRow> kept;
  Rules rules;
  rules.push_back(std::make_unique<Keeping>(kept));
  run(std::move(rules), rows);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].bytes_sent, 5'000'000'000);
  EXPECT_EQ(kept[1].started_ns, -(std::int64_t{1} << 59));
  EXPECT_EQ(kept[1].decided_ns, std::int64_t{1} << 59);
  EXPECT_EQ(kept[1].close_last_ack_ms, std::int64_t{1} << 32);
  EXPECT_EQ(kept[1].retransmits, -(std::int64_t{1} << 32));
  EXPECT_EQ(kept[1].cookie, INT64_MAX);
  EXPECT_EQ(kept[1].peer_address, "10.0.0.7");
}

TEST(Examine, SilenceNeedsAPacketThatWentOut) {
  Rows rows;
  auto& row = rows.syn_dropped(0, "10.0.0.7", 443, 3 * kS, 1);
  EXPECT_TRUE(diagnose::examine(row).silent);
  EXPECT_TRUE(diagnose::examine(row).connecting);
  EXPECT_EQ(diagnose::examine(row).elapsed_ns, 3 * kS);
  row.segs_out = 0;
  row.syn_retransmits = 0;
  EXPECT_FALSE(diagnose::examine(row).silent);
  row.segs_out = 2;
  row.segs_in = 1;
  EXPECT_FALSE(diagnose::examine(row).silent);
}

TEST(Examine, ABlockingConnectThatTheKernelGaveUpIsSilentWithoutCounters) {
  Rows rows;
  auto& row = rows.syn_dropped(0, "10.0.0.7", 443, 127 * kS, 6);
  row.blocking = true;
  row.segs_in.reset();
  row.segs_out.reset();
  EXPECT_FALSE(diagnose::examine(row).silent);
  row.outcome = "timed_out_kernel";
  EXPECT_TRUE(diagnose::examine(row).silent);
}

TEST(Examine, HealthyMeansTheFirstSynAReplyAndNoError) {
  Rows rows;
  auto& row = rows.connected(0, "10.0.0.7", 443);
  EXPECT_TRUE(diagnose::examine(row).healthy);
  row.ending = "reset";
  EXPECT_FALSE(diagnose::examine(row).healthy);
  EXPECT_TRUE(diagnose::examine(row).failed);
  row.ending = "peer_closed";
  row.first_receive_ns.reset();
  EXPECT_FALSE(diagnose::examine(row).healthy);
  EXPECT_FALSE(diagnose::examine(row).failed);
}

TEST(Places, AreOneForOneAddressPortNameAndProtocol) {
  Rows rows;
  diagnose::Places places;
  const auto first = places.of(rows.attempt(0, "10.0.0.7", 443, "db"));
  const auto second = places.of(rows.attempt(0, "10.0.0.8", 443, "db"));
  const auto bare = places.of(rows.attempt(0, "10.0.0.7", 443));
  const auto inet6 = places.of(rows.attempt(0, "::1", 8080));
  auto& udp = rows.attempt(0, "10.0.0.2", 53);
  udp.protocol = "udp";
  const auto datagram = places.of(udp);
  const auto path = places.of(rows.unix_socket(0, "/run/db.sock", 2));
  EXPECT_EQ(first, places.of(rows.attempt(9, "10.0.0.7", 443, "db")));
  EXPECT_EQ(std::set({*first, *second, *bare, *inet6, *datagram, *path}).size(), 6U);
  EXPECT_EQ(places[*first].service, places[*second].service);
  EXPECT_EQ(places.service(places[*first].service), "db:443");
  EXPECT_EQ(places[*second].endpoint, "10.0.0.8:443");
  EXPECT_EQ(places.service(places[*bare].service), "10.0.0.7:443");
  EXPECT_EQ(places[*inet6].endpoint, "[::1]:8080");
  EXPECT_EQ(places[*datagram].endpoint, "10.0.0.2:53/udp");
  EXPECT_EQ(places[*path].endpoint, "/run/db.sock");
  EXPECT_EQ(places.find_service("db:443"), places[*first].service);
  EXPECT_EQ(places.find_service("db:444"), std::nullopt);
}

TEST(Programs, AreOneForAllRunsOfAFile) {
  Rows rows;
  diagnose::Programs programs;
  programs.add(rows.process("/usr/bin/curl"));
  programs.add(rows.process("/usr/bin/curl"));
  programs.add(rows.process("/opt/curl"));
  EXPECT_EQ(programs.of(1), programs.of(2));
  EXPECT_NE(programs.of(1), programs.of(3));
  EXPECT_EQ(programs.name_of(3), "curl");
  EXPECT_EQ(programs.of(99), diagnose::Programs::kUnknown);
}

TEST(Sightings, KeepTheOldestIdsAndCountAll) {
  Rows rows;
  diagnose::Sightings sightings;
  for (int i = 0; i < 150; ++i) sightings.add(rows.refused(i * kMs, "10.0.0.7", 443));
  Finding finding;
  sightings.fill(finding, 200);
  EXPECT_EQ(finding.count, 150);
  EXPECT_EQ(finding.of, 200);
  EXPECT_EQ(finding.connections.size(), Finding::kExamples);
  EXPECT_EQ(finding.connections.front(), 1);
  EXPECT_EQ(finding.connections_total, 150);
  EXPECT_EQ(finding.first_ns, kStart);
  EXPECT_EQ(finding.last_ns, kStart + 149 * kMs);
}

// Words of the catalogue must not be missing anywhere: `explain` and the manual are made of them.
TEST(Catalogue, EveryRuleSaysWhatItIs) {
  std::set<std::string_view> seen;
  for (const auto& rule : diagnose::all_rules()) {
    const Entry& entry = rule->entry();
    EXPECT_TRUE(seen.insert(entry.id).second) << entry.id << " twice";
    EXPECT_FALSE(entry.title.empty()) << entry.id;
    EXPECT_FALSE(entry.signature.empty()) << entry.id;
    EXPECT_FALSE(entry.meaning.empty()) << entry.id;
    EXPECT_FALSE(entry.not_this.empty()) << entry.id;
    EXPECT_FALSE(entry.next.empty()) << entry.id;
    EXPECT_EQ(diagnose::find_entry(entry.id)->id, entry.id);
  }
  EXPECT_EQ(diagnose::find_entry("no such rule"), nullptr);
}

TEST(Phrase, NumbersAsAPersonReadsThem) {
  EXPECT_EQ(diagnose::time_span(20'000), "0.02 ms");
  EXPECT_EQ(diagnose::time_span(46 * kMs), "46 ms");
  EXPECT_EQ(diagnose::time_span(5 * kS), "5.0 s");
  EXPECT_EQ(diagnose::time_span(131 * kS), "131 s");
  EXPECT_EQ(diagnose::time_span(924 * kS), "15.4 min");
  EXPECT_EQ(diagnose::number(28232), "28,232");
  EXPECT_EQ(diagnose::counted(1, "lookup"), "1 lookup");
  EXPECT_EQ(diagnose::counted(2, "lookup"), "2 lookups");
  EXPECT_EQ(diagnose::counted(2, "try", "tries"), "2 tries");
  EXPECT_EQ(diagnose::share(1, 1), "1 of 1");
  EXPECT_EQ(diagnose::share(3, 10), "3 of 10 (30 %)");
  EXPECT_EQ(diagnose::share(999, 1000), "999 of 1,000 (> 99 %)");
  EXPECT_EQ(diagnose::share(1, 1000), "1 of 1,000 (< 1 %)");
}

}  // namespace
}  // namespace sockwatch::testing
