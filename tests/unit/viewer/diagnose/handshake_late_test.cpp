// Connects that came late: each rule at its bounds.
#include "tests/unit/viewer/diagnose/handshake_rows.h"

namespace sockwatch::testing {
namespace {

TEST(SynLost, TheTimeIsThatOfTheResend) {
  struct Want {
    store::Ns took;
    Confidence confidence;
  };
  for (const auto& [took, confidence] :
       {Want{993 * kMs, Confidence::high}, Want{1042 * kMs, Confidence::high},
        Want{990 * kMs, Confidence::medium}, Want{1043 * kMs, Confidence::medium}}) {
    Rows rows;
    late(rows, 0, 1, took);
    EXPECT_EQ(find(findings(rows), "SYNLOST").confidence, confidence) << took;
    EXPECT_EQ(find(findings(rows), "SYNLOST").severity, Severity::warning);
  }
  Rows rows;
  late(rows, 0, 2, 3010 * kMs);
  EXPECT_EQ(find(findings(rows), "SYNLOST").confidence, Confidence::high);
  rows.settings.syn_linear_timeouts = 1;  // then the second resend is at 2 s
  EXPECT_EQ(find(findings(rows), "SYNLOST").confidence, Confidence::medium);
}

// The kernel's round trip then is the whole time since the first SYN.
TEST(SynLost, OrItsAnswerWasLostWhereOthersShowThatThePeerIsNear) {
  const auto found = [](store::Ns took, std::int64_t resends, store::Ns rtt_of_others) {
    Rows rows;
    late(rows, 0, resends, took).rtt_us = took / 1000;
    if (rtt_of_others > 0) rows.connected(kS, "10.0.0.7", 443).rtt_us = rtt_of_others / 1000;
    rows.connected(kS, "10.0.0.8", 443).rtt_us = 100;  // another place
    return findings(rows);
  };
  const auto one = find(found(1001 * kMs, 1, kMs), "SYNLOST");
  EXPECT_EQ(one.confidence, Confidence::medium);
  EXPECT_EQ(one.count, 1);
  EXPECT_EQ(one.of, 2);
  EXPECT_TRUE(has(found(3010 * kMs, 2, kMs), "SYNLOST"));
  EXPECT_TRUE(has(found(990 * kMs, 1, kMs), "SYNLOST"));
  EXPECT_FALSE(has(found(989 * kMs, 1, kMs), "SYNLOST"));
  EXPECT_TRUE(has(found(1100 * kMs, 1, kMs), "SYNLOST"));
  EXPECT_FALSE(has(found(1101 * kMs, 1, kMs), "SYNLOST"));
  EXPECT_TRUE(has(found(kS, 1, 50 * kMs), "SYNLOST"));
  EXPECT_FALSE(has(found(kS, 1, 51 * kMs), "SYNLOST"));
  EXPECT_FALSE(has(found(kS, 1, 0), "SYNLOST"));
}

TEST(SynLost, ABusyProgramLearnsLateOfALostAnswer) {
  Rows rows;
  late(rows, 0, 1, 1400 * kMs).rtt_us = 1'005'000;
  rows.connected(2 * kS, "10.0.0.7", 443).rtt_us = 100;
  EXPECT_TRUE(has(findings(rows), "SYNLOST"));
}

TEST(SynLost, NotWhereTheAnswerNeedsLongerThanTheKernelWaits) {
  Rows rows;
  late(rows, 0, 1, 1200 * kMs).rtt_us = 1'200'000;
  EXPECT_FALSE(has(findings(rows), "SYNLOST"));
}

// Twins, of which the second is lost, among single ones.
Rows twins(int pairs, store::Ns gap) {
  Rows rows;
  store::Ns at = 0;
  for (int i = 0; i < 60; ++i) rows.connected(at += 100 * kMs, "10.0.0.7", 443);
  for (int i = 0; i < pairs; ++i) {
    rows.connected(at += 2 * kS, "10.0.0.7", 443);
    late(rows, at += gap, 1, 1010 * kMs);
  }
  return rows;
}

TEST(SnatRace, LostOnesHaveATwin) {
  EXPECT_TRUE(has(findings(twins(5, 5 * kMs)), "SNATRACE"));
  EXPECT_FALSE(has(findings(twins(5, 6 * kMs)), "SNATRACE"));
  EXPECT_FALSE(has(findings(twins(4, 1 * kMs)), "SNATRACE"));
  EXPECT_EQ(find(findings(twins(5, kMs)), "SNATRACE").confidence, Confidence::low);
}

TEST(SnatRace, AlsoWhereTheAnswersWereLost) {
  Rows rows = twins(5, kMs);
  for (auto& row : rows.connections) {
    if (row.syn_retransmits == 1) row.rtt_us = 1'010'000;  // from the first SYN on
  }
  EXPECT_TRUE(has(findings(rows), "SNATRACE"));
  for (auto& row : rows.connections) {
    if (row.syn_retransmits == 0) row.rtt_us = 51'000;  // nobody shows that the peer is near
  }
  EXPECT_FALSE(has(findings(rows), "SNATRACE"));
}

TEST(SnatRace, NotWhereAllHaveATwin) {
  Rows rows;
  for (int i = 0; i < 100; ++i) {
    if (i % 10 == 0) {
      late(rows, i * kMs, 1, 1010 * kMs);
    } else {
      rows.connected(i * kMs, "10.0.0.7", 443);
    }
  }
  EXPECT_FALSE(has(findings(rows), "SNATRACE"));
}

TEST(Far, OnlyWhereTheRoundTripIsTheTime) {
  for (const auto& [took, rtt_ms, expected] :
       {std::tuple{200 * kMs, 200, false}, std::tuple{201 * kMs, 200, true},
        std::tuple{360 * kMs, 300, true}, std::tuple{361 * kMs, 300, false},
        std::tuple{900 * kMs, 1, false}}) {
    Rows rows;
    rows.connected(0, "10.0.0.7", 443, std::nullopt, took).rtt_us = rtt_ms * 1000;
    EXPECT_EQ(has(findings(rows), "FAR"), expected) << took;
    if (expected) {
      EXPECT_EQ(find(findings(rows), "FAR").severity, Severity::info);
    }
  }
}

Rows reused(store::Ns pause, std::int64_t first_port, bool others) {
  Rows rows;
  rows.connected(0, "10.0.0.7", 443).local_port = first_port;
  if (others) rows.connected(kS, "10.0.0.7", 443).local_port = 50'000;
  rows.syn_dropped(pause, "10.0.0.7", 443).local_port = 41'007;
  return rows;
}

TEST(PortReuse, Bounds) {
  const store::Ns end = 9 * kMs;  // of the first connection
  EXPECT_TRUE(has(findings(reused(120 * kS + end, 41'007, true)), "PORTREUSE"));
  EXPECT_FALSE(has(findings(reused(120 * kS + end + kMs, 41'007, true)), "PORTREUSE"));
  EXPECT_FALSE(has(findings(reused(2 * kS, 41'008, true)), "PORTREUSE"));
  EXPECT_FALSE(has(findings(reused(2 * kS, 41'007, false)), "PORTREUSE"));
  EXPECT_THAT(found(reused(2 * kS, 41'007, true)), ElementsAre("PORTREUSE"));
}

}  // namespace
}  // namespace sockwatch::testing
