#include "viewer/model/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/viewer/render/traces.h"
#include "viewer/model/names.h"

namespace sockwatch::model {
namespace {

using namespace sockwatch::testing;
using ::testing::ElementsAre;

TEST(Summary, GroupsByNameAddressPortAndProtocol) {
  Trace trace;
  trace.tcp(0, "10.0.0.1", 80, "a");
  trace.tcp(0, "10.0.0.1", 80, "a");
  trace.tcp(0, "10.0.0.2", 80, "a");
  trace.tcp(0, "10.0.0.1", 81, "a");
  trace.tcp(0, "10.0.0.1", 80);
  trace.tcp(0, "10.0.0.1", 80, "a").protocol = "udp";
  const Summary summary = summarise(trace);
  ASSERT_EQ(summary.destinations.size(), 5u);
  EXPECT_EQ(summary.destinations[0].tally.attempts, 2u);
  EXPECT_EQ(summary.total.attempts, 6u);
}

TEST(Summary, SeparatorsInNamesDoNotMixPlaces) {
  Trace trace;
  trace.tcp(0, "b", 80,
            "a\x1f"
            "1:x");
  trace.tcp(0,
            "1:x\x1f"
            "b",
            80, "a");
  trace.tcp(0, "", 80, "ab");
  trace.tcp(0, "ab", 80, "");
  EXPECT_EQ(summarise(trace).destinations.size(), 4u);
}

TEST(Summary, CountsEveryOutcomeAndEnding) {
  Trace trace;
  for (const auto text : kOutcomeWords) trace.tcp(0, "10.0.0.1", 80).outcome = text;
  for (const auto text : kEndingWords) {
    auto& row = trace.tcp(0, "10.0.0.1", 80);
    row.outcome = "connected";
    row.ending = text;
  }
  const Summary summary = summarise(trace);
  ASSERT_EQ(summary.destinations.size(), 1u);
  const Tally& tally = summary.destinations[0].tally;
  for (std::size_t i = 0; i < kOutcomeWords.size(); ++i) {
    EXPECT_EQ(tally.outcomes[i], kOutcomeWords[i] == "connected" ? 7u : 1u) << kOutcomeWords[i];
  }
  for (const auto n : tally.endings) EXPECT_EQ(n, 1u);
  // 9 outcomes and 3 endings are failures; one connected row has no ending and is fine.
  EXPECT_EQ(tally.failures(), 12u);
  EXPECT_EQ(tally.ok(), 4u);
}

TEST(Summary, SupersededCancelledAndPendingAreNoFailures) {
  Trace trace;
  for (const char* text : {"superseded", "cancelled", "pending"}) {
    trace.tcp(0, "10.0.0.1", 80).outcome = text;
  }
  const Summary summary = summarise(trace);
  EXPECT_EQ(summary.total.failures(), 0u);
  EXPECT_EQ(summary.total.ok(), 0u);
  EXPECT_TRUE(summary.failures.empty());
}

TEST(Summary, UnknownOutcomeIsNeitherGoodNorBad) {
  Trace trace;
  trace.tcp(0, "10.0.0.1", 80).outcome = "teleported";
  const Summary summary = summarise(trace);
  EXPECT_EQ(summary.total.unrecognised, 1u);
  EXPECT_EQ(summary.total.failures(), 0u);
  EXPECT_EQ(summary.total.ok(), 0u);
}

TEST(Summary, EndingOfAnAttemptThatNeverConnectedIsNotCounted) {
  Trace trace;
  auto& row = refuse(trace.tcp(0, "10.0.0.1", 80));
  row.ending = "reset";
  EXPECT_EQ(summarise(trace).total.failures(), 1u);
}

TEST(Summary, TimesAreOfConnectedAttemptsOnly) {
  Trace trace;
  black_hole(trace.tcp(0, "10.0.0.1", 80), 3 * kS, 1);
  for (int i = 1; i <= 10; ++i) connect_in(trace.tcp(0, "10.0.0.1", 80), i * kMs);
  const Tally tally = summarise(trace).total;
  EXPECT_EQ(tally.connect.count(), 10u);
  EXPECT_EQ(tally.connect.quantile(0.5), 5 * kMs);
  EXPECT_EQ(tally.connect.quantile(0.9), 9 * kMs);
  EXPECT_EQ(tally.connect.largest(), 10 * kMs);
  EXPECT_EQ(tally.handshake.largest(), 10 * kMs);
  EXPECT_EQ(tally.syn_retransmits, 1u);
}

TEST(Summary, FirstByteFromSendOrFromConnectWhenThePeerSpeaksFirst) {
  Trace trace;
  exchange(connect_in(trace.tcp(0, "10.0.0.1", 80), kMs), 20 * kMs);
  auto& greeting = connect_in(trace.tcp(0, "10.0.0.1", 25), kMs);
  greeting.first_receive_ns = *greeting.decided_ns + 7 * kMs;
  greeting.first_send_ns = *greeting.first_receive_ns + kMs;
  auto& listening = connect_in(trace.tcp(0, "10.0.0.1", 26), kMs);
  listening.first_receive_ns = *listening.decided_ns + 9 * kMs;
  EXPECT_EQ(first_byte_ns(trace.connections[0]), 20 * kMs);
  EXPECT_EQ(first_byte_ns(greeting), 7 * kMs);
  EXPECT_EQ(first_byte_ns(listening), 9 * kMs);
}

TEST(Summary, TurnsAreMeansOfConnectionsAndTheLongestSingleOne) {
  Trace trace;
  auto& many = connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
  many.turns = 4;
  many.turn_total_ns = 40 * kMs;
  many.turn_max_ns = 25 * kMs;
  connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);  // no turn: no sample
  const Tally tally = summarise(trace).total;
  EXPECT_EQ(tally.turn.count(), 1u);
  EXPECT_EQ(tally.turn.quantile(0.5), 10 * kMs);
  EXPECT_EQ(tally.turns, 4u);
  EXPECT_EQ(tally.longest_turn, 25 * kMs);
}

TEST(Summary, TimesThatCannotBeAreLeftOut) {
  Trace trace;
  auto& row = connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
  row.decided_ns = row.started_ns - 1;
  row.rtt_us = INT64_MAX;
  auto& huge = connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
  huge.started_ns = INT64_MIN;
  huge.decided_ns = INT64_MAX;
  huge.syn_retransmits = -7;
  huge.turns = 1;
  huge.turn_total_ns = -1;
  trace.lookup(0, "a", INT64_MAX);
  const Summary summary = summarise(trace);
  EXPECT_EQ(summary.total.connect.count(), 0u);
  EXPECT_EQ(summary.total.syn_retransmits, 0u);
}

TEST(Summary, FewerBytesAcknowledgedThanThereCanBeAreNone) {
  Trace trace;
  for (const std::int64_t acked : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}}) {
    auto& row = connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
    row.ending = "reset";
    row.bytes_sent = 5;
    row.close_bytes_acked = acked;
  }
  const Summary summary = summarise(trace);
  ASSERT_EQ(summary.failures.size(), 1u);
  const Evidence& evidence = summary.failures[0].evidence;
  EXPECT_EQ(evidence.bytes_acked.known, 3u);
  EXPECT_EQ(evidence.bytes_acked.largest, 0);
  EXPECT_EQ(evidence.all_acked, 0u);
}

TEST(Summary, WorstFirstThenMostUsed) {
  Trace trace;
  for (int i = 0; i < 9; ++i) connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
  for (int i = 0; i < 20; ++i) connect_in(trace.tcp(0, "10.0.0.2", 80), kMs);
  refuse(trace.tcp(0, "10.0.0.3", 80));
  for (int i = 0; i < 2; ++i) refuse(trace.tcp(0, "10.0.0.4", 80));
  for (int i = 0; i < 50; ++i) trace.tcp(0, "10.0.0.5", 80).outcome = "superseded";
  std::vector<std::string> order;
  const Summary summary = summarise(trace);
  for (const auto& place : summary.destinations) order.push_back(*place.address);
  EXPECT_THAT(order, ElementsAre("10.0.0.4", "10.0.0.3", "10.0.0.5", "10.0.0.2", "10.0.0.1"));
  ASSERT_EQ(summary.failures.size(), 2u);
  EXPECT_EQ(*summary.destinations[summary.failures[0].key.destination].address, "10.0.0.4");
  EXPECT_EQ(*summary.destinations[summary.failures[1].key.destination].address, "10.0.0.3");
}

TEST(Summary, FailuresAreGroupedByPlaceWayAndErrno) {
  Trace trace;
  refuse(trace.tcp(0, "10.0.0.1", 80));
  refuse(trace.tcp(0, "10.0.0.1", 80));
  black_hole(trace.tcp(0, "10.0.0.1", 80), kS, 0);
  auto& reset = connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
  reset.ending = "reset";
  reset.error = 104;
  auto& silent = connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
  silent.ending = "response_timed_out";
  const Summary summary = summarise(trace);
  ASSERT_EQ(summary.failures.size(), 4u);
  EXPECT_EQ(summary.failures[0].evidence.count, 2u);
  EXPECT_EQ(summary.failures[0].key.outcome, Outcome::refused);
}

TEST(Summary, PlacesAndNamesBeyondTheLimitAreCountedTogether) {
  Trace trace;
  for (int i = 0; i < 50; ++i) {
    refuse(trace.tcp(0, "10.0.0." + std::to_string(i), 80));
    trace.lookup(0, "name" + std::to_string(i), kMs);
  }
  const Summary summary = summarise(trace, {10, 5, 20});
  EXPECT_EQ(summary.destinations.size(), 11u);
  EXPECT_EQ(summary.destinations.back().tally.attempts, 40u);
  EXPECT_TRUE(summary.destinations.back().others);
  EXPECT_TRUE(group_by_name(summary).back().others);
  EXPECT_EQ(summary.total.attempts, 50u);
  EXPECT_EQ(summary.lookups.size(), 6u);
  std::uint64_t grouped = summary.failures_beyond_limit;
  for (const auto& group : summary.failures) grouped += group.evidence.count;
  EXPECT_EQ(grouped, 50u);
  const Summary tight = summarise(trace, {1'000, 5, 20});
  EXPECT_EQ(tight.failures.size(), 20u);
  EXPECT_EQ(tight.failures_beyond_limit, 30u);
}

TEST(Summary, LookupsByNameWorstFirst) {
  Trace trace;
  trace.lookup(0, "fast", kMs);
  trace.lookup(0, "slow", 5 * kS);
  trace.lookup(0, "gone", kMs, -2);
  trace.lookup(0, "gone", kMs);
  trace.lookup(0, std::nullopt, kMs);
  const Summary summary = summarise(trace);
  ASSERT_EQ(summary.lookups.size(), 4u);
  EXPECT_EQ(summary.lookups[0].name, "gone");
  EXPECT_EQ(summary.lookups[0].count, 2u);
  EXPECT_EQ(summary.lookups[0].failures, 1u);
  EXPECT_EQ(summary.lookups[1].name, "slow");
}

TEST(Summary, LossesAddUpOverProcesses) {
  Trace trace;
  trace.losses = {{1, "ring_full", 5}, {2, "ring_full", 7}, {1, "no_slot", 1}, {1, "nested", -3}};
  const Summary summary = summarise(trace);
  EXPECT_EQ(summary.losses.at("ring_full"), 12u);
  EXPECT_EQ(summary.lost(), 13u);
}

TEST(Summary, BuilderIsEmptyAfterwards) {
  SummaryBuilder builder;
  refuse(incident().connections[0]);
  for (const auto& row : incident().connections) builder.add(row);
  EXPECT_EQ(builder.finish().total.attempts, 100u);
  EXPECT_EQ(builder.finish().total.attempts, 0u);
}

TEST(Names, OfAsManyFailuresTheLargerShareIsWorse) {
  Trace trace;
  for (int i = 0; i < 3; ++i) refuse(trace.tcp(0, "10.0.0.1", 80));
  for (int i = 0; i < 3; ++i) connect_in(trace.tcp(0, "10.0.0.1", 80), kMs);
  for (int i = 0; i < 3; ++i) refuse(trace.tcp(0, "10.0.0.2", 80));
  connect_in(trace.tcp(0, "10.0.0.3", 80), kMs);
  for (int i = 0; i < 2; ++i) connect_in(trace.tcp(0, "10.0.0.4", 80), kMs);
  const Summary summary = summarise(trace);
  std::vector<std::string> order;
  for (const NameGroup& group : group_by_name(summary)) {
    order.push_back(*summary.destinations[group.members[0]].address);
    EXPECT_EQ(*summary.destinations[order.size() - 1].address, order.back());
  }
  EXPECT_THAT(order, ::testing::ElementsAre("10.0.0.2", "10.0.0.1", "10.0.0.4", "10.0.0.3"));
}

TEST(Names, AddressRowsOnlyWhereTheyDiffer) {
  const Summary alike = summarise(healthy());
  ASSERT_EQ(alike.destinations.size(), 2u);
  const auto groups = group_by_name(alike);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_FALSE(groups[0].addresses_differ);
  EXPECT_EQ(groups[0].tally.attempts, 25u);

  const Summary bad = summarise(incident());
  const auto apart = group_by_name(bad);
  EXPECT_EQ(*bad.destinations[apart[0].members[0]].address, "10.0.7.13");
  EXPECT_TRUE(apart[0].addresses_differ);
  EXPECT_EQ(apart[0].tally.attempts, 60u);
}

TEST(Names, SlowAddressDiffersOnlyWithEnoughSamplesAndAMillisecond) {
  const auto differ = [](int samples, store::Ns one, store::Ns other) {
    Tally a;
    Tally b;
    Trace trace;
    for (int i = 0; i < samples; ++i) {
      a.add(connect_in(trace.tcp(0, "10.0.0.1", 80), one));
      b.add(connect_in(trace.tcp(0, "10.0.0.1", 80), other));
    }
    return fare_differently(a, b);
  };
  EXPECT_TRUE(differ(5, kMs, 10 * kMs));
  EXPECT_FALSE(differ(4, kMs, 10 * kMs));
  EXPECT_FALSE(differ(5, kMs / 10, kMs / 2));
  EXPECT_FALSE(differ(5, 10 * kMs, 19 * kMs));
}

TEST(Names, WithoutANameEveryAddressStandsAlone) {
  Trace trace;
  trace.tcp(0, "10.0.0.1", 80);
  trace.tcp(0, "10.0.0.2", 80);
  trace.tcp(0, "10.0.0.1", 80, "a");
  trace.tcp(0, "10.0.0.1", 80, "b");
  EXPECT_EQ(group_by_name(summarise(trace)).size(), 4u);
}

}  // namespace
}  // namespace sockwatch::model
