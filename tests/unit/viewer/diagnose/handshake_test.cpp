// Single attempts that get no connection, or get it late: each rule at its bounds.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::Confidence;
using diagnose::Finding;
using diagnose::Severity;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<Finding> findings(const Rows& rows) {
  return run(&diagnose::add_handshake_rules, rows);
}
std::vector<std::string> found(const Rows& rows) { return ids(findings(rows)); }

// Blocking, or by SO_ERROR: `error` after `took`.
store::ConnectionRow& failed(Rows& rows, store::Ns at, std::int64_t error, std::string outcome,
                             store::Ns took, std::string address = "10.0.0.7") {
  auto& row = rows.attempt(at, std::move(address), 443);
  row.outcome = std::move(outcome);
  row.error = error;
  row.decided_ns = row.started_ns + took;
  row.noticed_ns = row.decided_ns;
  row.closed_ns = row.decided_ns;
  row.segs_out = 1;
  row.segs_in = 0;
  row.syn_retransmits = 0;
  return row;
}

store::ConnectionRow& late(Rows& rows, store::Ns at, std::int64_t resends, store::Ns took) {
  auto& row = rows.connected(at, "10.0.0.7", 443, std::nullopt, took);
  row.syn_retransmits = resends;
  row.rtt_us = 2000;
  return row;
}

TEST(SynDrop, SaysHowOftenAndHowLong) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, 2 * kS, 1, "shop.test");
  const Finding drop = find(findings(rows), "SYNDROP");
  EXPECT_EQ(drop.severity, Severity::error);
  EXPECT_EQ(drop.confidence, Confidence::high);
  EXPECT_EQ(drop.subject, "shop.test:443");
  EXPECT_THAT(drop.summary, HasSubstr("shop.test:443 (10.0.0.7) never answered: 2 SYNs in 2.0 s"));
  EXPECT_THAT(drop.evidence[0], HasSubstr("1 of 1; fewer than five"));
  EXPECT_THAT(drop.next_steps[0], HasSubstr("mtr -T -P 443 10.0.0.7"));
}

TEST(SynDrop, NeedsAResendAndSilence) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, 2 * kS, 0);
  rows.syn_dropped(9 * kS, "10.0.0.7", 443, 2 * kS, 1).segs_in = 1;
  rows.syn_dropped(19 * kS, "10.0.0.7", 443, 2 * kS, 1).protocol = "udp";
  rows.syn_dropped(29 * kS, "10.0.0.7", 443, 2 * kS, 1).error = EINTR;
  EXPECT_THAT(found(rows), IsEmpty());
}

TEST(SynDrop, LosersOfARaceAreNone) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, 2 * kS, 1).outcome = "superseded";
  EXPECT_THAT(found(rows), IsEmpty());
}

TEST(SynDrop, GivenUpByATimerOfTheProgramIsAWarning) {
  Rows rows;
  auto& row = rows.syn_dropped(0, "10.0.0.7", 443, 3 * kS, 2);
  row.outcome = "cancelled";
  row.expired_waits = 0;
  EXPECT_EQ(find(findings(rows), "SYNDROP").severity, Severity::warning);
}

TEST(SynDrop, AnEndedProcessWasStillWaiting) {
  for (const auto& [took, expected] : {std::pair{999 * kMs, false}, std::pair{1000 * kMs, true}}) {
    Rows rows;
    auto& row = rows.attempt(0, "10.0.0.7", 443);
    row.outcome = "abandoned";
    row.blocking = true;
    row.decided_ns = row.started_ns + took;
    EXPECT_EQ(has(findings(rows), "SYNDROP"), expected) << took;
    if (expected) {
      EXPECT_EQ(find(findings(rows), "SYNDROP").confidence, Confidence::medium);
    }
  }
}

// It may have been connected for long; for what it waited in epoll is not known.
TEST(SynDrop, NotWhereConnectHadReturnedAtOnce) {
  Rows rows;
  auto& row = rows.attempt(0, "10.0.0.7", 443);
  row.outcome = "abandoned";
  row.blocking = false;
  row.expired_waits = 1;
  row.decided_ns = row.started_ns + 2 * kS;
  EXPECT_FALSE(has(findings(rows), "SYNDROP"));
}

TEST(SynDrop, AWaitForRoomToSendThatRanOutShowsThatItWasStillConnecting) {
  for (const auto& [at, expected] : {std::pair{999 * kMs, false}, std::pair{1000 * kMs, true}}) {
    Rows rows;
    auto& row = rows.attempt(0, "10.0.0.7", 443);
    row.outcome = "abandoned";
    row.blocking = false;
    row.expired_waits = 4;
    row.waited_out_ns = row.started_ns + at;
    row.decided_ns = row.started_ns + 2 * kS;
    EXPECT_EQ(has(findings(rows), "SYNDROP"), expected) << at;
    if (expected) {
      EXPECT_EQ(find(findings(rows), "SYNDROP").confidence, Confidence::medium);
      EXPECT_THAT(find(findings(rows), "SYNDROP").summary,
                  HasSubstr("Still no connection to 10.0.0.7:443 after 2.0 s"));
    }
  }
}

TEST(SynDrop, CountsTheAttemptsThatWentWell) {
  Rows rows;
  for (int i = 0; i < 7; ++i) rows.connected(i * kS, "10.0.0.7", 443);
  rows.syn_dropped(8 * kS, "10.0.0.7", 443);
  const Finding drop = find(findings(rows), "SYNDROP");
  EXPECT_EQ(drop.count, 1);
  EXPECT_EQ(drop.of, 8);
  EXPECT_THAT(drop.connections, ElementsAre(8));
}

TEST(SynGiveUp, TheTimeIsThatOfTheRecordedSettings) {
  struct Want {
    store::Ns took;
    Confidence confidence;
  };
  for (const auto& [took, confidence] :
       {Want{125'730 * kMs, Confidence::high}, Want{132'080 * kMs, Confidence::high},
        Want{125'700 * kMs, Confidence::medium}, Want{132'100 * kMs, Confidence::medium}}) {
    Rows rows;
    auto& row = failed(rows, 0, ETIMEDOUT, "timed_out_kernel", took);
    row.segs_in.reset();
    row.syn_retransmits = 6;
    row.budget_source = "kernel";
    EXPECT_EQ(find(findings(rows), "SYNGIVEUP").confidence, confidence) << took;
  }
}

TEST(SynGiveUp, LinearTimeoutsAndOptionsOfTheSocket) {
  Rows rows;
  rows.settings.syn_linear_timeouts = 4;
  failed(rows, 0, ETIMEDOUT, "timed_out_kernel", 134'800 * kMs).syn_retransmits = 10;
  EXPECT_EQ(find(findings(rows), "SYNGIVEUP").confidence, Confidence::high);
  Rows option;  // TCP_SYNCNT 1
  failed(option, 0, ETIMEDOUT, "timed_out_kernel", 3030 * kMs).syn_retransmits = 1;
  EXPECT_EQ(find(findings(option), "SYNGIVEUP").confidence, Confidence::high);
  Rows user;
  failed(user, 0, ETIMEDOUT, "timed_out_kernel", 2530 * kMs).budget_source = "TCP_USER_TIMEOUT";
  EXPECT_EQ(find(findings(user), "SYNGIVEUP").confidence, Confidence::high);
}

TEST(ShortTo, Bounds) {
  for (const auto& [took, expected] : {std::pair{1050 * kMs, true}, std::pair{1051 * kMs, false}}) {
    Rows rows;
    rows.syn_dropped(0, "10.0.0.7", 443, took, 0);
    EXPECT_EQ(has(findings(rows), "SHORTTO"), expected) << took;
  }
}

TEST(ShortTo, FromFiftyMillisecondsOnWhereAWaitRanOut) {
  const auto is_told = [](store::Ns took, store::Ns budget, const char* outcome) {
    Rows rows;
    auto& row = rows.syn_dropped(0, "10.0.0.7", 443, took, 0);
    row.budget_ns = budget;
    row.outcome = outcome;
    return has(findings(rows), "SHORTTO");
  };
  EXPECT_TRUE(is_told(50 * kMs, 50 * kMs, "timed_out_caller"));
  EXPECT_FALSE(is_told(50 * kMs, 50 * kMs - 1, "timed_out_caller"));
  EXPECT_FALSE(is_told(50 * kMs - 1, 50 * kMs, "timed_out_caller"));
  EXPECT_FALSE(is_told(250 * kMs, 250 * kMs, "cancelled"));
  EXPECT_TRUE(is_told(251 * kMs, 251 * kMs, "cancelled"));
}

TEST(ShortTo, IsExplainedByALongerSilence) {
  Rows rows;
  for (int i = 0; i < 3; ++i) rows.syn_dropped(i * kS, "10.0.0.7", 443, 200 * kMs, 0);
  rows.syn_dropped(5 * kS, "10.0.0.7", 443, 3 * kS, 1);
  EXPECT_THAT(found(rows), ElementsAre("SYNDROP"));
  EXPECT_TRUE(has(findings(rows), "SHORTTO"));
  rows.connected(9 * kS, "10.0.0.7", 443);
  EXPECT_THAT(found(rows), ElementsAre("SHORTTO", "SYNDROP"));

  Rows kernel;
  kernel.syn_dropped(0, "10.0.0.7", 443, 200 * kMs, 0);
  failed(kernel, kS, ETIMEDOUT, "timed_out_kernel", 131 * kS).segs_in.reset();
  EXPECT_THAT(found(kernel), ElementsAre("SYNGIVEUP"));
}

TEST(ShortTo, IsNoneAfterAResendOrAnAnswer) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, kS, 1);
  rows.syn_dropped(9 * kS, "10.0.0.7", 443, kS / 2, 0).segs_in = 1;
  EXPECT_FALSE(has(findings(rows), "SHORTTO"));
}

// Node: three addresses, a quarter of a second each.
Rows capped(store::Ns cap) {
  Rows rows;
  rows.process("/usr/bin/node");
  rows.syn_dropped(0, "10.0.0.5", 443, cap, 0, "shop.test");
  rows.syn_dropped(cap + 2 * kMs, "10.0.0.6", 443, cap, 0, "shop.test");
  return rows;
}

TEST(AttemptCap, Bounds) {
  for (const auto& [cap, expected] : {std::pair{199 * kMs, false}, std::pair{200 * kMs, true},
                                      std::pair{300 * kMs, true}, std::pair{301 * kMs, false}}) {
    EXPECT_EQ(has(findings(capped(cap)), "ATTEMPTCAP"), expected) << cap;
  }
  const Finding finding = find(findings(capped(251 * kMs)), "ATTEMPTCAP");
  EXPECT_EQ(finding.confidence, Confidence::high);
  EXPECT_EQ(finding.count, 2);
  EXPECT_THAT(found(capped(251 * kMs)), ElementsAre("ATTEMPTCAP"));  // explains SHORTTO
}

// A call with one lookup: the first address gives no answer within `took`, another one answers.
Rows fallback(store::Ns took, std::int64_t resends) {
  Rows rows;
  rows.process("/usr/bin/node");
  rows.syn_dropped(0, "10.0.0.5", 443, took, resends, "shop.test").resolution_id = 1;
  rows.connected(took + kMs, "10.0.0.6", 443, "shop.test").resolution_id = 1;
  return rows;
}

TEST(Fallback, AnAddressMadeGoodByAnotherIsNoError) {
  for (const auto& [took, resends, rule] :
       {std::tuple{251 * kMs, 0, "SHORTTO"}, std::tuple{3 * kS, 2, "SYNDROP"}}) {
    const Rows rows = fallback(took, resends);
    EXPECT_THAT(found(rows), ElementsAre(rule));
    const Finding info = findings(rows)[0];
    EXPECT_EQ(info.severity, Severity::info);
    EXPECT_THAT(info.summary, HasSubstr("No connection to 10.0.0.5, one address of shop.test:443"));
    EXPECT_THAT(info.summary, HasSubstr("the program got through on another (10.0.0.6)"));
    EXPECT_THAT(info.next_steps[0], HasSubstr("mtr -T -P 443 10.0.0.5"));
  }
}

TEST(Fallback, AlsoOverSeveralAddresses) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.4", 443, 3 * kS, 2, "shop.test").resolution_id = 1;
  rows.syn_dropped(3001 * kMs, "10.0.0.5", 443, 3 * kS, 2, "shop.test").resolution_id = 1;
  rows.connected(6002 * kMs, "10.0.0.6", 443, "shop.test").resolution_id = 1;
  EXPECT_EQ(findings(rows)[0].severity, Severity::info);
  EXPECT_EQ(findings(rows)[0].count, 2);
}

TEST(Fallback, OnlyTheSameCallMakesGood) {
  const auto severity = [](auto change) {
    Rows rows = fallback(3 * kS, 2);
    change(rows.connections[0], rows.connections[1]);
    return findings(rows)[0].severity;
  };
  using Row = store::ConnectionRow;
  EXPECT_EQ(severity([](Row&, Row&) {}), Severity::info);
  EXPECT_EQ(severity([](Row&, Row& next) { next.process_id = 2; }), Severity::error);
  EXPECT_EQ(severity([](Row&, Row& next) { next.tid = 2; }), Severity::error);
  EXPECT_EQ(severity([](Row&, Row& next) { next.peer_name = "other.test"; }), Severity::error);
  EXPECT_EQ(severity([](Row& one, Row& next) { next.peer_address = one.peer_address; }),
            Severity::error);
  // Another lookup is another call: the first one failed.
  EXPECT_EQ(severity([](Row&, Row& next) { next.resolution_id = 2; }), Severity::error);
  EXPECT_EQ(severity([](Row& one, Row& next) { next.started_ns = *one.closed_ns + kS; }),
            Severity::info);
  EXPECT_EQ(severity([](Row& one, Row& next) { next.started_ns = *one.closed_ns + kS + 1; }),
            Severity::error);
  EXPECT_EQ(severity([](Row& one, Row& next) { next.started_ns = one.started_ns + kS; }),
            Severity::error);  // beside it, not after it
}

// One success is the end of one call.
TEST(Fallback, OfTwoCallsOneWasMadeGood) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.5", 443, 3 * kS, 2, "shop.test").resolution_id = 1;
  rows.syn_dropped(kMs, "10.0.0.5", 443, 3 * kS, 2, "shop.test").resolution_id = 1;
  rows.connected(3002 * kMs, "10.0.0.6", 443, "shop.test").resolution_id = 1;
  const Finding drop = findings(rows)[0];
  EXPECT_EQ(drop.severity, Severity::error);
  EXPECT_THAT(drop.summary, HasSubstr("never answered"));
  EXPECT_THAT(drop.evidence, Contains(HasSubstr("got through on another address of the name: 1")));
}

// Calls at the same time look the name up several times; the newest lookup names all addresses.
TEST(Fallback, CallsAtTheSameTime) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.5", 443, 251 * kMs, 0, "shop.test").resolution_id = 1;
  rows.syn_dropped(kMs, "10.0.0.5", 443, 251 * kMs, 0, "shop.test").resolution_id = 2;
  rows.connected(252 * kMs, "10.0.0.6", 443, "shop.test").resolution_id = 2;
  rows.connected(253 * kMs, "10.0.0.6", 443, "shop.test").resolution_id = 2;
  EXPECT_EQ(findings(rows)[0].severity, Severity::info);
}

TEST(AttemptCap, IsNoErrorWhereTheLastAddressAnswers) {
  Rows rows = capped(251 * kMs);
  for (auto& row : rows.connections) row.resolution_id = 1;
  rows.connected(506 * kMs, "10.0.0.7", 443, "shop.test", 310 * kMs).resolution_id = 1;
  const Finding cap = find(findings(rows), "ATTEMPTCAP");
  EXPECT_EQ(cap.severity, Severity::info);
  EXPECT_THAT(cap.evidence, Contains(HasSubstr("got through on another address: 2 of 2")));
}

// The last address has the time of a resend, and nothing comes back from it either.
TEST(AttemptCap, YieldsToAnAttemptOfTheSameCallThatWasSilentForLonger) {
  const auto all_dropped = [](std::int64_t resends, store::Ns later = 0) {
    Rows rows = capped(251 * kMs);
    const store::Ns at = rows.connections.back().started_ns - kStart + 252 * kMs + later;
    rows.syn_dropped(at, "10.0.0.9", 443, 10 * kS, resends, "shop.test");
    return findings(rows);
  };
  EXPECT_FALSE(has(all_dropped(1), "ATTEMPTCAP"));
  EXPECT_THAT(ids(all_dropped(1)), ElementsAre("SYNDROP"));
  EXPECT_TRUE(has(all_dropped(0), "ATTEMPTCAP"));
  EXPECT_TRUE(has(all_dropped(1, kS), "ATTEMPTCAP"));  // another call
}

TEST(AttemptCap, StandsForTheLastOneOfTheCall) {
  for (const store::Ns left : {100 * kMs, 500 * kMs}) {
    Rows rows = capped(251 * kMs);
    rows.syn_dropped(505 * kMs, "10.0.0.9", 443, left, 0, "shop.test");
    EXPECT_THAT(found(rows), ElementsAre("ATTEMPTCAP")) << left;
  }
}

TEST(AttemptCap, SaysNothingByAddressOfOneAddress) {
  Rows rows = capped(251 * kMs);
  rows.connections[1].syn_retransmits.reset();
  for (const std::string& line : find(findings(rows), "ATTEMPTCAP").evidence) {
    EXPECT_THAT(line, ::testing::Not(::testing::EndsWith("by address: ")));
  }
}

TEST(AttemptCap, NotWherePeersAreNear) {
  Rows rows = capped(250 * kMs);
  rows.connected(kS, "10.0.0.7", 443, "shop.test", 149 * kMs);
  EXPECT_FALSE(has(findings(rows), "ATTEMPTCAP"));
  Rows far = capped(250 * kMs);
  far.connected(kS, "10.0.0.7", 443, "shop.test", 310 * kMs);
  EXPECT_TRUE(has(findings(far), "ATTEMPTCAP"));
}

TEST(AttemptCap, OneAloneIsATimeOutAndNoCap) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.5", 443, 250 * kMs, 0, "shop.test");
  rows.syn_dropped(kS, "10.0.0.6", 443, 250 * kMs, 0, "shop.test");
  EXPECT_FALSE(has(findings(rows), "ATTEMPTCAP"));
}

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

TEST(Refused, AtOnceOrLater) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  EXPECT_EQ(find(findings(rows), "REFUSED").confidence, Confidence::high);
  rows.connections.back().decided_ns = rows.connections.back().started_ns + 199 * kMs;
  EXPECT_EQ(find(findings(rows), "REFUSED").confidence, Confidence::high);
  rows.connections.back().decided_ns = rows.connections.back().started_ns + 200 * kMs;
  EXPECT_EQ(find(findings(rows), "REFUSED").confidence, Confidence::medium);
}

// A firewall that rejects with a reset looks the same as a port nobody listens on.
TEST(Refused, ManyPortsOfOneHostAreToldTogether) {
  for (const auto& [ports, expected] : {std::pair{9, 9}, std::pair{10, 1}}) {
    Rows rows;
    for (int i = 0; i < ports; ++i) rows.refused(i * kMs, "10.0.0.7", 8000 + i);
    EXPECT_EQ(findings(rows).size(), static_cast<std::size_t>(expected)) << ports;
  }
  Rows rows;
  for (int i = 0; i < 99; ++i) rows.refused(i * kMs, "10.0.0.7", 8000 + i);
  rows.refused(kS, "10.0.0.8", 80);
  rows.connected(2 * kS, "10.0.0.7", 9000);
  rows.refused(3 * kS, "10.0.0.7", 9000);  // at times it is up
  const auto all = findings(rows);
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].subject, "10.0.0.7");
  EXPECT_EQ(all[0].count, 99);
  EXPECT_THAT(all[0].summary, HasSubstr("10.0.0.7 answered 'no' on 99 ports, 8000 to 8098"));
  EXPECT_EQ(all[0].connections_total, 99);
}

TEST(Refused, ClaimsNoMoreThanANo) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  const auto found = find(findings(rows), "REFUSED");
  EXPECT_EQ(found.summary,
            "10.0.0.7:443 answered 'no' at once: nothing listens on port 443, or a firewall "
            "refuses for it.");
  EXPECT_THAT(found.next_steps, Contains(HasSubstr("firewall")));
}

// Where no packet of the connection came back, the answer was a message about it (port
// unreachable), which no kernel sends for a port of its own.
TEST(Refused, AnIcmpMessageIsAFirewalls) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443).segs_in = 0;
  const auto icmp = find(findings(rows), "REFUSED");
  EXPECT_EQ(icmp.summary,
            "10.0.0.7:443 answered 'no' at once: a firewall or router refuses port 443 for it.");
  EXPECT_THAT(icmp.evidence, Contains(HasSubstr("ICMP message (port unreachable)")));
  // One that was answered by a packet, and the rule is as open as before.
  rows.refused(kS, "10.0.0.7", 443);
  EXPECT_THAT(find(findings(rows), "REFUSED").summary, HasSubstr("nothing listens"));
  // Counters of a socket the kernel has taken apart prove nothing.
  Rows blocking;
  auto& row = blocking.refused(0, "10.0.0.7", 443);
  row.segs_in = 0;
  row.segs_out = 0;
  EXPECT_THAT(find(findings(blocking), "REFUSED").summary, HasSubstr("nothing listens"));
}

TEST(Refused, QuotesTheHostInItsCommands) {
  Rows rows;
  rows.refused(0, "10.0.0.7;reboot", 443);
  EXPECT_THAT(find(findings(rows), "REFUSED").next_steps[0],
              HasSubstr("on '10.0.0.7;reboot': ss -ltn"));
}

TEST(Refused, IsNoTroubleWhereTheNextAddressWorks) {
  for (const auto& [next, expected] : {std::pair{kS, false}, std::pair{kS + kMs, true}}) {
    Rows rows;
    rows.refused(0, "10.0.0.5", 443, "shop.test");
    rows.connected(next + kMs / 5, "10.0.0.6", 443, "shop.test");
    EXPECT_EQ(has(findings(rows), "REFUSED"), expected) << next;
  }
  Rows other_process;
  other_process.refused(0, "10.0.0.5", 443, "shop.test");
  other_process.connected(kMs, "10.0.0.6", 443, "shop.test").process_id = 2;
  EXPECT_TRUE(has(findings(other_process), "REFUSED"));
}

TEST(Refused6, FallBackIsOnlyWorthKnowing) {
  Rows rows;
  rows.refused(0, "::1", 8080, "localhost");
  rows.connected(kMs, "127.0.0.1", 8080, "localhost");
  const auto all = findings(rows);
  EXPECT_THAT(ids(all), ElementsAre("REFUSED6"));
  EXPECT_EQ(all[0].severity, Severity::info);
  EXPECT_EQ(all[0].confidence, Confidence::high);
}

TEST(Refused6, AListenerProvesIt) {
  Rows rows;
  rows.listener("127.0.0.1", 8080);
  rows.refused(0, "::1", 8080, "localhost");
  const auto all = findings(rows);
  EXPECT_THAT(ids(all), ElementsAre("REFUSED6"));
  EXPECT_EQ(all[0].severity, Severity::error);
  EXPECT_EQ(all[0].confidence, Confidence::high);
  EXPECT_THAT(all[0].summary, HasSubstr("listens on 127.0.0.1 only"));
}

TEST(Refused6, WithoutProofItIsLikely) {
  Rows rows;
  rows.refused(0, "::1", 8080, "localhost");
  EXPECT_EQ(find(findings(rows), "REFUSED6").confidence, Confidence::medium);
}

TEST(Refused6, BothRefusingMeansNobodyListens) {
  Rows rows;
  rows.refused(0, "::1", 8080, "localhost");
  rows.refused(kMs, "127.0.0.1", 8080, "localhost");
  EXPECT_THAT(found(rows), ElementsAre("REFUSED"));
}

TEST(NotYet, UpWithinAMinute) {
  for (const auto& [up, expected] : {std::pair{60 * kS, true}, std::pair{60 * kS + kMs, false}}) {
    Rows rows;
    rows.refused(0, "10.0.0.7", 443);
    rows.connected(up, "10.0.0.7", 443);
    EXPECT_EQ(has(findings(rows), "NOTYET"), expected);
    EXPECT_EQ(findings(rows)[0].severity, expected ? Severity::info : Severity::error);
  }
}

TEST(NotYet, NobodyCameUpWhereASocketIsConnectedToItself) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  auto& row = rows.connected(kS, "10.0.0.7", 443);
  row.local_address = "10.0.0.7";
  row.local_port = 443;
  EXPECT_FALSE(has(findings(rows), "NOTYET"));
}

TEST(NotYet, NotWhereItGoesAwayAgain) {
  Rows rows;
  rows.refused(0, "10.0.0.7", 443);
  rows.connected(kS, "10.0.0.7", 443);
  rows.refused(2 * kS, "10.0.0.7", 443);
  EXPECT_THAT(found(rows), ElementsAre("REFUSED"));
  Rows restart;
  restart.connected(0, "10.0.0.7", 443);
  restart.refused(kS, "10.0.0.7", 443);
  restart.connected(2 * kS, "10.0.0.7", 443);
  EXPECT_THAT(found(restart), ElementsAre("REFUSED"));
}

TEST(Rejected, AtOnceOrAtTheSecondSynOfIpv6) {
  struct Want {
    std::string address;
    store::Ns took;
    Confidence confidence;
  };
  for (const auto& [address, took, confidence] :
       {Want{"10.0.0.7", 200 * kMs, Confidence::high},
        Want{"10.0.0.7", 201 * kMs, Confidence::medium}, Want{"::1", 1005 * kMs, Confidence::high},
        Want{"::1", 1101 * kMs, Confidence::medium}}) {
    Rows rows;
    failed(rows, 0, EACCES, "rejected", took, address);
    EXPECT_EQ(find(findings(rows), "REJECTED").confidence, confidence) << took;
  }
}

TEST(Neigh, ThreeQuestionsASecondApart) {
  for (const auto& [took, rule] :
       {std::pair{2799 * kMs, "REJECTED"}, std::pair{2800 * kMs, "NEIGH"},
        std::pair{3400 * kMs, "NEIGH"}, std::pair{3401 * kMs, "REJECTED"}}) {
    Rows rows;
    failed(rows, 0, EHOSTUNREACH, "rejected", took);
    EXPECT_THAT(found(rows), ElementsAre(rule)) << took;
  }
}

// Those that begin while the kernel is asking are all told at once: it is no quick rejection.
TEST(Neigh, AttemptsThatJoinedTheWait) {
  Rows rows;
  failed(rows, 0, EHOSTUNREACH, "rejected", 3050 * kMs);
  failed(rows, 2900 * kMs, EHOSTUNREACH, "rejected", 150 * kMs, "10.0.0.8");
  EXPECT_THAT(found(rows), ElementsAre("NEIGH", "NEIGH"));
}

// While the kernel asks for the neighbour it does not send the SYN again, and counts only the
// first.
TEST(Neigh, GivenUpWhileTheFirstSynWaitsHere) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, 2500 * kMs, 2).segs_out = 1;
  EXPECT_THAT(found(rows), ElementsAre("NEIGH"));
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::medium);
  EXPECT_THAT(findings(rows)[0].summary,
              HasSubstr("No SYN for 10.0.0.7:443 is known to have left"));
  rows.connections[0].segs_out = 3;
  EXPECT_THAT(found(rows), ElementsAre("SYNDROP"));
}

TEST(HsReset, ResetAsTheResultOfConnect) {
  Rows rows;
  failed(rows, 0, ECONNRESET, "reset", 5 * kMs);
  EXPECT_THAT(found(rows), ElementsAre("HSRESET"));
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::medium);
}

}  // namespace
}  // namespace sockwatch::testing
