// What only the comparison of attempts shows: each rule at its bounds.
#include <gmock/gmock.h>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::Confidence;
using diagnose::Finding;
using diagnose::Severity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void add(diagnose::Rules& rules) {
  diagnose::add_handshake_rules(rules);
  diagnose::add_connected_rules(rules);
  diagnose::add_group_rules(rules);
}
std::vector<Finding> findings(const Rows& rows) { return run(&add, rows); }
std::vector<std::string> found(const Rows& rows) { return ids(findings(rows)); }

void late(Rows& rows, store::Ns at) {
  auto& row = rows.connected(at, "10.0.0.7", 443, std::nullopt, 1005 * kMs);
  row.syn_retransmits = 1;
  row.rtt_us = 2000;
}

// One stuck for `patience`, another connects at `later`.
Rows hole(store::Ns patience, std::int64_t resends, store::Ns later) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, patience, resends);
  rows.connected(later, "10.0.0.7", 443);
  return rows;
}

TEST(FlowHole, OthersPassBeforeItsLastResend) {
  EXPECT_THAT(found(hole(5 * kS, 2, kS)), ElementsAre("FLOWHOLE"));  // explains SYNDROP
  EXPECT_TRUE(has(findings(hole(3 * kS, 2, kS)), "FLOWHOLE"));
  EXPECT_FALSE(has(findings(hole(3 * kS - kMs, 2, kS)), "FLOWHOLE"));
  EXPECT_FALSE(has(findings(hole(5 * kS, 1, kS / 2)), "FLOWHOLE"));
  // The last resend is at 3 s: who connects after it may owe it to a server that is up again.
  EXPECT_TRUE(has(findings(hole(5 * kS, 2, 2990 * kMs)), "FLOWHOLE"));
  EXPECT_FALSE(has(findings(hole(5 * kS, 2, 2999 * kMs)), "FLOWHOLE"));
}

TEST(FlowHole, SureFromThreeOn) {
  Rows rows;
  for (int i = 0; i < 3; ++i) rows.syn_dropped(i * kMs, "10.0.0.7", 443, 5 * kS, 2);
  rows.connected(kS, "10.0.0.7", 443);
  EXPECT_EQ(find(findings(rows), "FLOWHOLE").confidence, Confidence::high);
  EXPECT_EQ(find(findings(hole(5 * kS, 2, kS)), "FLOWHOLE").confidence, Confidence::medium);
}

// The last attempt of a recording has none after it.
TEST(FlowHole, StandsForThoseThatNoOtherCanBeComparedWith) {
  Rows rows = hole(5 * kS, 2, kS);
  rows.syn_dropped(6 * kS, "10.0.0.7", 443, 5 * kS, 2);
  EXPECT_THAT(found(rows), ElementsAre("FLOWHOLE"));
  EXPECT_THAT(find(findings(rows), "FLOWHOLE").evidence.back(), HasSubstr("to compare with: 1"));
  // Another was started, and did not pass either.
  rows.refused(7 * kS, "10.0.0.7", 443);
  EXPECT_THAT(found(rows), ::testing::Contains("SYNDROP"));
}

TEST(SynDrop, SaysHowManyConnectedToTheSamePlace) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, 3 * kS, 1);
  EXPECT_THAT(find(findings(rows), "SYNDROP").summary, HasSubstr("never answered: 2 SYNs"));
  for (int i = 0; i < 36; ++i) rows.connected((4 + i) * kS, "10.0.0.7", 443);
  EXPECT_THAT(find(findings(rows), "SYNDROP").summary,
              HasSubstr("10.0.0.7:443: 1 of 37 (3 %) attempts unanswered, while 36 connected"));
}

TEST(FlowHole, NotWhereOthersAreLateToo) {
  Rows rows = hole(5 * kS, 2, kS);
  late(rows, 1500 * kMs);
  EXPECT_FALSE(has(findings(rows), "FLOWHOLE"));
}

// `size` at once of which the last `lost` come late, and `quiet` single ones after them.
Rows bursts(int size, int lost, int quiet, int quiet_lost = 0) {
  Rows rows;
  for (int i = 0; i < size; ++i) {
    if (i >= size - lost) {
      late(rows, i * kMs);
    } else {
      rows.connected(i * kMs, "10.0.0.7", 443);
    }
  }
  for (int i = 0; i < quiet; ++i) {
    if (i < quiet_lost) {
      late(rows, (i + 1) * kS);
    } else {
      rows.connected((i + 1) * kS, "10.0.0.7", 443);
    }
  }
  return rows;
}

TEST(QueueFull, LostInBurstsAndNotBetweenThem) {
  EXPECT_THAT(found(bursts(10, 5, 20)), ElementsAre("QUEUEFULL"));
  const Finding full = find(findings(bursts(10, 5, 20)), "QUEUEFULL");
  EXPECT_EQ(full.confidence, Confidence::medium);
  EXPECT_EQ(full.severity, Severity::warning);
  EXPECT_FALSE(has(findings(bursts(10, 2, 20)), "QUEUEFULL"));
  EXPECT_FALSE(has(findings(bursts(4, 3, 20)), "QUEUEFULL"));
  EXPECT_TRUE(has(findings(bursts(10, 5, 20, 2)), "QUEUEFULL"));
  EXPECT_FALSE(has(findings(bursts(10, 5, 20, 3)), "QUEUEFULL"));  // lost outside as well
}

TEST(QueueFull, WithoutQuietTimesTheLaterOnesMustBeTheLostOnes) {
  EXPECT_TRUE(has(findings(bursts(10, 5, 0)), "QUEUEFULL"));
  Rows even;
  for (int i = 0; i < 12; ++i) {
    if (i % 3 == 1) {
      late(even, i * kMs);
    } else {
      even.connected(i * kMs, "10.0.0.7", 443);
    }
  }
  EXPECT_FALSE(has(findings(even), "QUEUEFULL"));
}

TEST(QueueFull, TheListenerProvesIt) {
  Rows rows;
  auto& listener = rows.listener("0.0.0.0", 443);
  listener.full = 3;
  listener.queue_limit = 2;
  listener.first_full_ns = kStart + kS;
  listener.last_full_ns = kStart + 2 * kS;
  rows.syn_dropped(kS, "10.0.0.7", 443);
  EXPECT_EQ(find(findings(rows), "QUEUEFULL").confidence, Confidence::high);
  listener.last_full_ns = kStart - 2 * kS;
  listener.first_full_ns = kStart - 3 * kS;
  EXPECT_FALSE(has(findings(rows), "QUEUEFULL"));
}

// Handshakes complete until the queue is full, and nobody takes from it.
TEST(QueueFull, IsExplainedByAnApplicationThatAcceptsNobody) {
  Rows rows;
  for (int i = 0; i < 5; ++i) {
    auto& row = rows.connected(i * kMs, "10.0.0.7", 443);
    row.ending = "response_timed_out";
    row.first_receive_ns.reset();
    row.bytes_received = 0;
    row.closed_ns = row.started_ns + 2 * kS;
    row.turns = 0;
  }
  for (int i = 5; i < 12; ++i) rows.syn_dropped(i * kMs, "10.0.0.7", 443);
  EXPECT_THAT(found(rows), ElementsAre("NEVERREAD"));
  EXPECT_TRUE(has(findings(rows), "QUEUEFULL"));
  EXPECT_TRUE(has(findings(rows), "SYNDROP"));
}

Rows addresses(int bad, int bad_ok, int good, int good_bad) {
  Rows rows;
  for (int i = 0; i < bad; ++i) rows.syn_dropped(i * kS, "10.0.0.5", 443, kS, 1, "shop.test");
  for (int i = 0; i < bad_ok; ++i) rows.connected(i * kS, "10.0.0.5", 443, "shop.test");
  for (int i = 0; i < good_bad; ++i) rows.syn_dropped(i * kS, "10.0.0.6", 443, kS, 1, "shop.test");
  for (int i = 0; i < good; ++i) rows.connected(i * kS, "10.0.0.6", 443, "shop.test");
  return rows;
}

TEST(BadAddr, FiveAttemptsHalfOfThemFailed) {
  EXPECT_THAT(found(addresses(5, 0, 5, 0)), ElementsAre("BADADDR"));
  EXPECT_FALSE(has(findings(addresses(4, 0, 5, 0)), "BADADDR"));
  EXPECT_TRUE(has(findings(addresses(3, 3, 5, 0)), "BADADDR"));
  EXPECT_FALSE(has(findings(addresses(3, 4, 5, 0)), "BADADDR"));
}

TEST(BadAddr, TheOthersHardlyFail) {
  EXPECT_TRUE(has(findings(addresses(5, 0, 19, 1)), "BADADDR"));
  EXPECT_FALSE(has(findings(addresses(5, 0, 18, 1)), "BADADDR"));
  EXPECT_EQ(find(findings(addresses(5, 0, 5, 0)), "BADADDR").confidence, Confidence::high);
  EXPECT_EQ(find(findings(addresses(5, 0, 4, 0)), "BADADDR").confidence, Confidence::medium);
}

TEST(BadAddr, AMinuteIsEnough) {
  Rows rows;
  for (int i = 0; i < 50; ++i) rows.connected(i * kS, "10.0.0.5", 443, "shop.test");
  for (int i = 0; i < 5; ++i) {
    rows.syn_dropped((300 + i) * kS, "10.0.0.5", 443, kS, 1, "shop.test");
    rows.connected((300 + i) * kS, "10.0.0.6", 443, "shop.test");
  }
  EXPECT_TRUE(has(findings(rows), "BADADDR"));
}

// Each call fell back to the other address: late, but nothing failed.
TEST(BadAddr, IsAWarningWhereTheOtherAddressMadeItGood) {
  const auto calls = [](int made_good) {
    Rows rows;
    for (int i = 0; i < 6; ++i) {
      const store::Ns at = 10 * i * kS;
      rows.lookup(at - kMs, "shop.test", kMs);
      rows.syn_dropped(at, "10.0.0.5", 443, kS, 1, "shop.test").resolution_id = i + 1;
      auto& other = rows.connected(at + kS + kMs, "10.0.0.6", 443, "shop.test");
      other.resolution_id = i < made_good ? i + 1 : i + 100;
    }
    return rows;
  };
  const Finding late = find(findings(calls(6)), "BADADDR");
  EXPECT_EQ(late.severity, diagnose::Severity::warning);
  EXPECT_THAT(late.evidence, ::testing::Contains(HasSubstr("got through on another address")));
  EXPECT_EQ(find(findings(calls(5)), "BADADDR").severity, diagnose::Severity::error);
}

Rows starved(store::Ns next) {
  Rows rows;
  rows.lookup(0, "shop.test", kMs, 0, "::1 127.0.0.1");
  rows.syn_dropped(kMs, "::1", 443, 2 * kS, 1, "shop.test").resolution_id = 1;
  if (next > 0) rows.connected(next, "127.0.0.1", 443, "shop.test").resolution_id = 1;
  return rows;
}

TEST(Starved, TheOthersWereNeverTried) {
  EXPECT_THAT(found(starved(0)), ElementsAre("STARVED"));
  EXPECT_THAT(find(findings(starved(0)), "STARVED").summary,
              HasSubstr("spent all 2.0 s on the first (::1) and never tried 127.0.0.1"));
  EXPECT_FALSE(has(findings(starved(2010 * kMs)), "STARVED"));
}

// Java keeps the answer of a lookup for 30 s.
TEST(Starved, ARetryOfTheFirstAddressIsACallOfItsOwn) {
  for (const store::Ns pause : {2 * kMs, 1900 * kMs, 2100 * kMs, 9 * kS}) {
    Rows rows;
    rows.lookup(0, "shop.test", kMs, 0, "::1 127.0.0.1");
    for (int i = 0; i < 6; ++i) {
      rows.syn_dropped(kMs + i * (2 * kS + pause), "::1", 443, 2 * kS, 1, "shop.test")
          .resolution_id = 1;
    }
    EXPECT_THAT(found(rows), ElementsAre("STARVED")) << pause;
    EXPECT_EQ(find(findings(rows), "STARVED").count, 6) << pause;
  }
}

TEST(Starved, NotWhereTheRetryConnects) {
  Rows rows = starved(0);
  rows.connected(2010 * kMs, "::1", 443, "shop.test").resolution_id = 1;
  EXPECT_FALSE(has(findings(rows), "STARVED"));
}

// All addresses at once, and the one that does not answer stands last.
TEST(Starved, NotWhereOthersWereTriedBefore) {
  Rows rows;
  rows.lookup(0, "shop.test", kMs, 0, "10.0.0.5 10.0.0.6");
  rows.connected(kMs, "10.0.0.5", 443, "shop.test").resolution_id = 1;
  rows.syn_dropped(2 * kMs, "10.0.0.6", 443, 2 * kS, 1, "shop.test").resolution_id = 1;
  EXPECT_FALSE(has(findings(rows), "STARVED"));
}

// A client that goes round the addresses by itself: each gets its turn, and its own time-out.
TEST(Starved, NotWhereTheClientChooses) {
  Rows rows;
  for (int i = 0; i < 6; ++i) {
    rows.lookup(i * 10 * kS, "shop.test", kMs, 0, "10.0.0.5 10.0.0.6");
    const std::string address = i % 2 == 0 ? "10.0.0.5" : "10.0.0.6";
    auto& row = i % 2 == 0 ? rows.connected(i * 10 * kS, address, 443, "shop.test")
                           : rows.syn_dropped(i * 10 * kS, address, 443, 2 * kS, 1, "shop.test");
    row.resolution_id = i + 1;
  }
  EXPECT_FALSE(has(findings(rows), "STARVED"));
  // Also where the one that does not answer stands first.
  for (auto& lookup : rows.resolutions) lookup.addresses = "10.0.0.6 10.0.0.5";
  EXPECT_FALSE(has(findings(rows), "STARVED"));
}

TEST(Starved, FourFifthsOfTheTime) {
  for (const auto& [second, expected] : {std::pair{500 * kMs, true}, std::pair{510 * kMs, false}}) {
    Rows rows;
    rows.lookup(0, "shop.test", kMs, 0, "10.0.0.5 10.0.0.6 10.0.0.7");
    rows.syn_dropped(0, "10.0.0.5", 443, 2 * kS, 1, "shop.test").resolution_id = 1;
    rows.syn_dropped(2 * kS, "10.0.0.6", 443, second, 0, "shop.test").resolution_id = 1;
    EXPECT_EQ(has(findings(rows), "STARVED"), expected) << second;
  }
}

Rows v6(int bad, store::Ns patience, std::string outcome = "superseded", store::Ns four = kMs) {
  Rows rows;
  for (int i = 0; i < bad; ++i) {
    rows.syn_dropped(i * kS, "2001:db8::5", 443, patience, 0, "shop.test").outcome = outcome;
    rows.connected(i * kS + patience, "10.0.0.6", 443, "shop.test", four);
  }
  return rows;
}

TEST(V6Bad, ThreeTimesAndNeverConnected) {
  EXPECT_THAT(found(v6(3, 204 * kMs)), ElementsAre("V6BAD"));
  EXPECT_THAT(found(v6(2, 204 * kMs)), IsEmpty());
  Rows once = v6(5, 204 * kMs);
  once.connected(9 * kS, "2001:db8::5", 443, "shop.test");
  EXPECT_THAT(found(once), IsEmpty());
  EXPECT_EQ(find(findings(v6(3, 2 * kS, "timed_out_caller")), "V6BAD").confidence,
            Confidence::high);
}

TEST(V6Bad, ALostRaceIsNoFault) {
  EXPECT_THAT(found(v6(9, 149 * kMs)), IsEmpty());
  EXPECT_THAT(found(v6(9, 280 * kMs, "superseded", 141 * kMs)), IsEmpty());
  EXPECT_THAT(found(v6(9, 10 * kMs)), IsEmpty());
}

TEST(V6Bad, AHostWithoutIpv6LosesNoTime) {
  Rows rows;
  for (int i = 0; i < 9; ++i) {
    auto& row = rows.at_once(i * kS, "2001:db8::5", 443, 101, "unreachable");
    row.peer_name = "shop.test";
    rows.connected(i * kS + kMs, "10.0.0.6", 443, "shop.test");
  }
  EXPECT_THAT(found(rows), IsEmpty());
}

}  // namespace
}  // namespace sockwatch::testing
