// Attempts that got no answer, or were given up before there could be one: each rule at its bounds.
#include "tests/unit/viewer/diagnose/handshake_rows.h"

namespace sockwatch::testing {
namespace {

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
  EXPECT_THAT(found(rows), IsEmpty());
}

// Ctrl-C or an alarm, after SYNs that nobody answered: the signal is not why.
TEST(SynDrop, AlsoWhereASignalEndedTheWait) {
  for (const std::int64_t resends : {0, 1}) {
    Rows rows;
    auto& row = rows.syn_dropped(0, "10.0.0.7", 443, 2 * kS, resends);
    row.outcome = "cancelled";
    row.error = EINTR;
    row.interrupted = true;
    row.expired_waits = 0;
    const auto all = run_all(rows);
    EXPECT_EQ(has(all, "SYNDROP"), resends == 1);
    EXPECT_EQ(find(all, "EINTR").severity, resends == 1 ? Severity::info : Severity::warning);
    EXPECT_EQ(all.front().rule, resends == 1 ? "SYNDROP" : "EINTR");
  }
}

TEST(SynDrop, SaysThatShorterAttemptsFailedToo) {
  Rows rows;
  rows.syn_dropped(0, "10.0.0.7", 443, 2 * kS, 1);
  rows.syn_dropped(9 * kS, "10.0.0.7", 443, 900 * kMs, 0);
  EXPECT_THAT(find(findings(rows), "SYNDROP").evidence,
              Contains("no attempt at all got through: 0 of 2 connected"));
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

// Nothing else is known of them, and they are told in one place.
TEST(ShortTo, CountsWithTheLongerSilenceThatExplainsIt) {
  Rows rows;
  for (int i = 0; i < 3; ++i) rows.syn_dropped(i * kS, "10.0.0.7", 443, 200 * kMs, 0);
  rows.syn_dropped(5 * kS, "10.0.0.7", 443, 3 * kS, 1);
  for (int i = 0; i < 2; ++i) rows.refused((10 + i) * kS, "10.0.0.8", 443);
  const auto all = findings(rows);
  ASSERT_THAT(ids(all), ElementsAre("SYNDROP", "REFUSED"));  // four against two
  EXPECT_EQ(all[0].count, 4);
  EXPECT_EQ(all[0].of, 4);
  EXPECT_THAT(all[0].connections, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(all[0].connections_total, 4);
  EXPECT_EQ(all[0].first_ns, kStart);
  EXPECT_EQ(all[0].last_ns, kStart + 5 * kS);
  EXPECT_THAT(
      all[0].evidence,
      IsSupersetOf({HasSubstr("0 of 4 connected"),
                    HasSubstr("attempts whose further SYNs had no answer either: 1 of 4")}));
  EXPECT_EQ(find(all, "SHORTTO").count, 3);
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

// Of five first packets not all are lost by chance; fewer say so and leave it open.
TEST(ShortTo, PointsToADestinationThatNeverAnswers) {
  const auto told = [](int attempts, bool one_connected) {
    Rows rows;
    for (int i = 0; i < attempts; ++i) rows.syn_dropped(i * kS, "10.0.0.7", 443, 900 * kMs, 0);
    if (one_connected) rows.connected(attempts * kS, "10.0.0.7", 443);
    return find(findings(rows), "SHORTTO");
  };
  const Finding four = told(4, false);
  EXPECT_THAT(four.summary, HasSubstr("one lost packet is enough to fail. Nothing was ever "
                                      "answered there: 0 of 4 connected."));
  const Finding five = told(5, false);
  EXPECT_THAT(five.summary, HasSubstr("10.0.0.7:443 answered none of 5 attempts (900 ms allowed"));
  EXPECT_THAT(five.summary, HasSubstr("or the round trip is longer than that"));
  EXPECT_THAT(five.excluded, ElementsAre(HasSubstr("not one lost packet")));
  EXPECT_THAT(five.next_steps.front(), HasSubstr("mtr"));
  EXPECT_EQ(five.confidence, Confidence::medium);
  const Finding answered = told(9, true);
  EXPECT_THAT(answered.summary, HasSubstr("one lost packet is enough to fail."));
  EXPECT_THAT(answered.summary, Not(HasSubstr("Nothing was ever answered")));
}

TEST(ShortTo, KnowsARoundTripThatIsLongerThanTheTime) {
  const auto told = [](store::Ns round_trip, store::Ns budget) {
    Rows rows;
    for (int i = 0; i < 3; ++i) rows.syn_dropped(i * kS, "10.0.0.7", 443, budget, 0);
    rows.connected(9 * kS, "10.0.0.7", 443, std::nullopt, round_trip).rtt_us = round_trip / 1000;
    return find(findings(rows), "SHORTTO");
  };
  const Finding far = told(310 * kMs, 300 * kMs);
  EXPECT_EQ(far.confidence, Confidence::high);
  EXPECT_THAT(far.summary, HasSubstr("is shorter than the round trip, 310 ms"));
  EXPECT_EQ(told(300 * kMs, 300 * kMs).confidence, Confidence::medium);
  EXPECT_EQ(told(120 * kMs, 100 * kMs).confidence, Confidence::high);  // in passing: plain
  EXPECT_EQ(told(80 * kMs, 100 * kMs).confidence, Confidence::medium);
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
  rows.lookup(-2 * kMs, "shop.test", kMs);
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
  rows.lookup(-2 * kMs, "shop.test", kMs);
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
  EXPECT_EQ(severity([](Row& one, Row& next) { next.started_ns = *one.closed_ns + 100 * kMs; }),
            Severity::info);
  EXPECT_EQ(severity([](Row& one, Row& next) { next.started_ns = *one.closed_ns + 100 * kMs + 1; }),
            Severity::error);
  EXPECT_EQ(severity([](Row& one, Row& next) { next.started_ns = one.started_ns + kS; }),
            Severity::error);  // beside it, not after it
}

TEST(Fallback, AnAddressThatConnectsAndIsSilentMakesNothingGood) {
  Rows rows = fallback(3 * kS, 2);
  store::ConnectionRow& next = rows.connections[1];
  next.first_receive_ns.reset();
  EXPECT_EQ(find(findings(rows), "SYNDROP").severity, Severity::error);
  next.first_send_ns.reset();  // nothing was asked: it only wanted to know who is there
  EXPECT_EQ(find(findings(rows), "SYNDROP").severity, Severity::info);
  next.ending = "reset";
  EXPECT_EQ(find(findings(rows), "SYNDROP").severity, Severity::error);
}

// A pool that goes round the addresses of one lookup looks like a client that tries the next one.
TEST(Fallback, OnlyTheCallThatLookedUpIsKnownToGoOn) {
  const auto drop = [](store::Ns age, int requests) {
    Rows rows;
    rows.lookup(-age - kMs, "shop.test", kMs);
    for (int i = 0; i < requests; ++i) {
      const store::Ns at = 4 * i * kS;
      rows.syn_dropped(at, "10.0.0.5", 443, 3 * kS, 2, "shop.test").resolution_id = 1;
      rows.connected(at + 3 * kS + kMs, "10.0.0.6", 443, "shop.test").resolution_id = 1;
    }
    return find(findings(rows), "SYNDROP");
  };
  const auto perhaps = [](std::string_view count) {
    return Contains(HasSubstr(fmt::format("looked up for an earlier call: {}", count)));
  };
  EXPECT_EQ(drop(100 * kMs, 1).severity, Severity::info);
  const Finding old = drop(101 * kMs, 1);
  EXPECT_EQ(old.severity, Severity::error);
  EXPECT_THAT(old.summary, HasSubstr("never answered"));
  EXPECT_THAT(old.evidence, perhaps("1 of"));
  const Finding pool = drop(kMs, 10);
  EXPECT_EQ(pool.severity, Severity::error);
  EXPECT_THAT(pool.evidence, perhaps("9 of 10"));
  EXPECT_THAT(pool.evidence, Contains(HasSubstr("got through on another address of the name: 1")));
}

// One success is the end of one call.
TEST(Fallback, OfTwoCallsOneWasMadeGood) {
  Rows rows;
  rows.lookup(-2 * kMs, "shop.test", kMs);
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
  rows.lookup(-2 * kMs, "shop.test", kMs);
  rows.lookup(-2 * kMs, "shop.test", kMs);
  rows.syn_dropped(0, "10.0.0.5", 443, 251 * kMs, 0, "shop.test").resolution_id = 1;
  rows.syn_dropped(kMs, "10.0.0.5", 443, 251 * kMs, 0, "shop.test").resolution_id = 2;
  rows.connected(252 * kMs, "10.0.0.6", 443, "shop.test").resolution_id = 2;
  rows.connected(253 * kMs, "10.0.0.6", 443, "shop.test").resolution_id = 2;
  EXPECT_EQ(findings(rows)[0].severity, Severity::info);
}

TEST(AttemptCap, IsNoErrorWhereTheLastAddressAnswers) {
  Rows rows = capped(251 * kMs);
  rows.lookup(-2 * kMs, "shop.test", kMs);
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

}  // namespace
}  // namespace sockwatch::testing
