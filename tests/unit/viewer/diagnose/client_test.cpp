#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::add_client_rules;
using diagnose::Confidence;
using diagnose::Severity;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A program that was refused `times` times, `gap` apart; `jitter` of every other pause.
Rows retries(int times, store::Ns gap, store::Ns jitter = 0) {
  Rows rows;
  rows.process("/usr/bin/app");
  for (int i = 0; i < times; ++i) rows.refused(i * gap + (i % 2) * jitter, "10.0.0.7", 443);
  return rows;
}

TEST(StormRule, IsTwentyFastRetries) {
  const auto found = find(run(add_client_rules, retries(21, 46 * kMs, 30 * kMs)), "STORM");
  EXPECT_EQ(found.subject, "10.0.0.7:443");
  EXPECT_EQ(found.count, 20);
  EXPECT_EQ(found.of, 21);
  EXPECT_EQ(found.severity, Severity::warning);
  EXPECT_THAT(found.summary, HasSubstr("app retried 20 times in"));
  EXPECT_THAT(run(add_client_rules, retries(20, 46 * kMs, 30 * kMs)), IsEmpty());
}

TEST(StormRule, AMedianOfAFifthOfASecondIsNotFast) {
  // Pauses of 170 and 200 ms; of 210 and 240 ms.
  EXPECT_TRUE(has(run(add_client_rules, retries(40, 175 * kMs, 15 * kMs)), "STORM"));
  EXPECT_THAT(run(add_client_rules, retries(40, 225 * kMs, 15 * kMs)), IsEmpty());
}

TEST(StormRule, TenRegularPausesBelowASecondAreOne) {
  EXPECT_TRUE(has(run(add_client_rules, retries(11, 900 * kMs)), "STORM"));
  EXPECT_THAT(run(add_client_rules, retries(10, 900 * kMs)), IsEmpty());
  // Every other pause about 5 % longer, every other 5 % shorter.
  EXPECT_TRUE(has(run(add_client_rules, retries(13, 900 * kMs, 44 * kMs)), "STORM"));
  EXPECT_THAT(run(add_client_rules, retries(13, 900 * kMs, 46 * kMs)), IsEmpty());
}

TEST(StormRule, AHealthCheckIsNone) {
  EXPECT_THAT(run(add_client_rules, retries(1000, kS)), IsEmpty());
  EXPECT_THAT(run(add_client_rules, retries(1000, 5 * kS)), IsEmpty());
}

TEST(StormRule, AttemptsAtTheSameTimeAreNoRetries) {
  Rows rows;
  for (int i = 0; i < 100; ++i) rows.syn_dropped(i * kMs, "10.0.0.7", 443, 3 * kS);
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
}

TEST(StormRule, ThreadsThatTryOnceEachRetryNothing) {
  Rows rows = retries(40, 46 * kMs, 30 * kMs);
  for (std::size_t i = 0; i < rows.connections.size(); ++i) {
    rows.connections[i].tid = 100 + static_cast<std::int64_t>(i);
  }
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
  // The same from a shell that starts one program after the other.
  for (std::size_t i = 0; i < rows.connections.size(); ++i) {
    rows.connections[i].process_id = rows.process("/usr/bin/app").id;
  }
  EXPECT_TRUE(has(run(add_client_rules, rows), "STORM"));
}

// As node does at its limit of descriptors: no socket, no address, and no harm to anybody.
TEST(StormRule, SocketsThatCannotBeHadAreNoRetries) {
  Rows rows = retries(40, 46 * kMs, 30 * kMs);
  for (auto& row : rows.connections) {
    row.peer_address.reset();
    row.peer_port.reset();
    row.outcome = "local_error";
  }
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
}

TEST(StormRule, ASuccessEndsARow) {
  Rows rows = retries(15, 46 * kMs, 30 * kMs);
  rows.connected(kS, "10.0.0.7", 443);
  for (int i = 0; i < 15; ++i) {
    rows.refused(2 * kS + i * 46 * kMs + (i % 2) * 30 * kMs, "10.0.0.7", 443);
  }
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
}

Rows many(int connections, store::Ns gap, std::int64_t turns = 1) {
  Rows rows;
  for (int i = 0; i < connections; ++i) rows.connected(i * gap, "10.0.0.7", 80).turns = turns;
  return rows;
}

TEST(ChurnRule, IsMoreThanTwentyASecond) {
  const auto found = find(run(add_client_rules, many(50, 47 * kMs)), "CHURN");
  EXPECT_EQ(found.severity, Severity::info);
  EXPECT_EQ(found.count, 50);
  EXPECT_THAT(found.summary, HasSubstr("source ports run out at 470/s"));
  EXPECT_THAT(run(add_client_rules, many(49, 47 * kMs)), IsEmpty());
  EXPECT_THAT(run(add_client_rules, many(100, 50 * kMs)), IsEmpty());
}

TEST(ChurnRule, NamesTheFirstOfThem) {
  Rows rows = many(150, kMs);
  rows.connections[0].turns = 9;
  const auto found = find(run(add_client_rules, rows), "CHURN");
  EXPECT_EQ(found.connections.size(), diagnose::Finding::kExamples);
  EXPECT_EQ(found.connections.front(), 2);
  EXPECT_EQ(found.connections_total, 149);
}

TEST(ChurnRule, NeedsOneRequestEach) {
  EXPECT_THAT(run(add_client_rules, many(100, kMs, 2)), IsEmpty());
  Rows rows = many(90, kMs);
  for (int i = 0; i < 10; ++i) rows.connected(i * kMs, "10.0.0.7", 80).turns = 9;
  EXPECT_TRUE(has(run(add_client_rules, rows), "CHURN"));
  rows.connected(0, "10.0.0.7", 80).turns = 9;
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
}

// Connections that are kept: a pool that is filled, or a leak.
TEST(ChurnRule, NeedsConnectionsThatEnd) {
  const auto kept = [](int how_many, bool for_ever) {
    Rows rows = many(100, kMs);
    for (int i = 0; i < how_many; ++i) {
      store::ConnectionRow& row = rows.connections[99 - i];
      row.closed_ns = kStart + 60 * kS;
      if (for_ever) row.closed_ns.reset();
    }
    return run(add_client_rules, rows);
  };
  for (const bool for_ever : {false, true}) {
    EXPECT_TRUE(has(kept(50, for_ever), "CHURN"));
    EXPECT_FALSE(has(kept(51, for_ever), "CHURN"));
  }
  EXPECT_THAT(find(kept(50, false), "CHURN").evidence,
              Contains(HasSubstr("open at the same time: at most 50")));
}

TEST(ChurnRule, IsAWarningOnlyNearTheEndOfThePorts) {
  Rows rows = many(80, kMs);
  rows.settings.first_port = 40'000;
  rows.settings.last_port = 40'099;
  EXPECT_EQ(find(run(add_client_rules, rows), "CHURN").severity, Severity::warning);
  rows.settings.last_port = 40'100;
  EXPECT_EQ(find(run(add_client_rules, rows), "CHURN").severity, Severity::info);
  // What a load generator does in passing.
  EXPECT_EQ(find(run(add_client_rules, many(2'000, kMs)), "CHURN").severity, Severity::info);
}

TEST(ChurnRule, NeedsPortsThatStayTaken) {
  const auto churn = [](int connections, auto change) {
    Rows rows = many(connections, kMs);
    rows.settings.first_port = 40'000;
    rows.settings.last_port = 40'099;
    change(rows);
    return find(run(add_client_rules, rows), "CHURN");
  };
  const auto as_it_is = [](Rows&) {};
  EXPECT_EQ(churn(100, as_it_is).severity, Severity::warning);
  // That many came up although there are fewer ports: they are free again at once.
  EXPECT_EQ(churn(101, as_it_is).severity, Severity::info);
  EXPECT_THAT(churn(101, as_it_is).summary, HasSubstr("more than there are source ports"));
  EXPECT_EQ(
      churn(101, [](Rows& rows) { rows.at_once(kS, "10.0.0.7", 80, EADDRNOTAVAIL); }).severity,
      Severity::warning);
  // Who closes first keeps the port.
  const auto peer_closes = [](int how_many) {
    return [how_many](Rows& rows) {
      for (int i = 0; i < how_many; ++i) rows.connections[i].ending = "peer_closed";
    };
  };
  EXPECT_EQ(churn(100, peer_closes(20)).severity, Severity::warning);
  EXPECT_EQ(churn(100, peer_closes(21)).severity, Severity::info);
  EXPECT_THAT(churn(100, peer_closes(100)).summary, HasSubstr("which the peer closes first"));
  EXPECT_EQ(churn(100,
                  [](Rows& rows) {
                    for (auto& row : rows.connections) row.ending = "open";
                  })
                .severity,
            Severity::info);
}

TEST(ChurnRule, PortsThatAreReusedAfterASecondDoNotRunOut) {
  const auto severity = [](int reuse, const std::string& address, bool refused) {
    Rows rows = many(100, kMs);
    rows.settings.first_port = 40'000;
    rows.settings.last_port = 40'099;
    rows.settings.tw_reuse = reuse;
    for (auto& row : rows.connections) row.peer_address = address;
    if (refused) rows.at_once(kS, address, 80, EADDRNOTAVAIL);
    return find(run(add_client_rules, rows), "CHURN").severity;
  };
  EXPECT_EQ(severity(2, "127.0.0.1", false), Severity::info);
  EXPECT_EQ(severity(2, "::1", false), Severity::info);
  EXPECT_EQ(severity(2, "10.0.0.7", false), Severity::warning);
  EXPECT_EQ(severity(1, "10.0.0.7", false), Severity::info);
  EXPECT_EQ(severity(0, "127.0.0.1", false), Severity::warning);
  EXPECT_EQ(severity(1, "10.0.0.7", true), Severity::warning);
}

Rows event_loop(store::Ns took) {
  Rows rows;
  rows.process("/usr/bin/app");
  rows.connected(0, "10.0.0.7", 80).budget_source = "epoll";
  rows.connected(kS, "10.0.0.8", 80, std::nullopt, took).blocking = true;
  return rows;
}

TEST(BlockLoop, IsALongBlockingConnectOnAThreadWithEpoll) {
  const auto found = find(run(add_client_rules, event_loop(100 * kMs)), "BLOCKLOOP");
  EXPECT_EQ(found.summary,
            "The event loop of app (thread 1) stood still for 100 ms inside a blocking connect to "
            "10.0.0.8:80.");
  EXPECT_EQ(found.subject, "app (thread 1)");
  EXPECT_THAT(run(add_client_rules, event_loop(100 * kMs - 1)), IsEmpty());
  Rows rows = event_loop(kS);
  rows.connections[0].tid = 2;
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
  rows.connections[0].tid = 1;
  rows.connections[0].budget_source = "poll";
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
}

// A thread that has sent a request elsewhere, and reads the reply after the blocking connect.
Rows held_up(store::Ns replied) {
  Rows rows;
  rows.process("/usr/bin/app");
  rows.connected(0, "10.0.0.7", 80).first_receive_ns = kStart + replied;
  rows.connections.back().closed_ns = kStart + 9 * kS;
  rows.connected(kS, "10.0.0.8", 80, std::nullopt, kS).blocking = true;
  return rows;
}

TEST(BlockLoop, OrWhileAnotherConnectionWaits) {
  const auto found = find(run(add_client_rules, held_up(2 * kS)), "BLOCKLOOP");
  EXPECT_THAT(found.evidence, Contains(HasSubstr("1 other connection of this thread waited")));
  // Read while the connect was under way: by another thread.
  EXPECT_THAT(run(add_client_rules, held_up(2 * kS - 1)), IsEmpty());
  Rows blocking = held_up(2 * kS);
  blocking.connections[0].blocking = true;
  EXPECT_THAT(run(add_client_rules, blocking), IsEmpty());
  Rows other = held_up(2 * kS);
  other.connections[0].tid = 2;
  EXPECT_THAT(run(add_client_rules, other), IsEmpty());
  // A log that is only sent to.
  Rows log = held_up(2 * kS);
  log.connections[0].first_receive_ns.reset();
  EXPECT_THAT(run(add_client_rules, log), IsEmpty());
}

TEST(BlockLoop, IsNoneBeforeTheLoopBegins) {
  Rows rows;
  rows.process("/usr/bin/app");
  rows.connected(0, "10.0.0.8", 80, std::nullopt, kS).blocking = true;
  rows.connected(2 * kS, "10.0.0.7", 80).budget_source = "epoll";
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
}

TEST(ViaProxy, IsTheHostAndPortOfAProxyVariable) {
  Rows rows;
  rows.process("/usr/bin/curl");
  rows.settings.proxies = {"proxy:3128", "10.0.0.9:8080"};
  rows.connected(0, "10.0.0.7", 3128, "proxy");
  rows.connected(0, "10.0.0.7", 3129, "proxy");
  rows.refused(0, "10.0.0.9", 8080);
  const auto findings = run(add_client_rules, rows);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].severity, Severity::info);
  EXPECT_EQ(findings[0].subject, "10.0.0.9:8080");
  EXPECT_EQ(findings[1].summary, "curl talks to the proxy proxy:3128, not to the server.");
  EXPECT_EQ(findings[1].count, 1);
  EXPECT_EQ(findings[1].of, 3);
}

Rows quiet(store::Ns lived, store::OptInt status) {
  Rows rows;
  auto& process = rows.process("/usr/bin/app");
  process.ended_ns = kStart + lived;
  process.exit_status = status;
  return rows;
}

// `grep` that finds nothing, `false`, a compiler: most programs that fail need no network.
TEST(NoAttemptRule, AFailureAloneSaysNothing) {
  EXPECT_THAT(run(add_client_rules, quiet(kMs, 1)), IsEmpty());
  EXPECT_THAT(run(add_client_rules, quiet(kS - 1, 1)), IsEmpty());
  EXPECT_THAT(run(add_client_rules, quiet(5 * kS - 1, 0)), IsEmpty());
}

TEST(NoAttemptRule, AWaitWithoutASignIsAHint) {
  for (const Rows& rows : {quiet(kS, 1), quiet(5 * kS, 0)}) {
    const auto found = find(run(add_client_rules, rows), "NOATTEMPT");
    EXPECT_EQ(found.severity, Severity::info);
    EXPECT_EQ(found.confidence, Confidence::low);
  }
}

TEST(NoAttemptRule, AnAddressFoundAndNotUsedIsASign) {
  Rows failed = quiet(40 * kMs, 1);
  failed.lookup(0, "db", 10 * kMs);
  const auto found = find(run(add_client_rules, failed), "NOATTEMPT");
  EXPECT_EQ(found.severity, Severity::warning);
  EXPECT_EQ(found.confidence, Confidence::medium);
  EXPECT_THAT(
      found.summary,
      HasSubstr("app found only IPv4 addresses and failed 30 ms after, with no connection"));
  EXPECT_THAT(found.resolutions, ElementsAre(1));
  failed.lookup(0, "db", 10 * kMs, 0, "10.0.0.7 2001:db8::7");
  EXPECT_THAT(find(run(add_client_rules, failed), "NOATTEMPT").summary,
              HasSubstr("app found an address and attempted no connection in the 30 ms after"));

  Rows waited = quiet(5 * kS + 10 * kMs, 0);
  waited.lookup(0, "db", 10 * kMs);
  EXPECT_THAT(find(run(add_client_rules, waited), "NOATTEMPT").summary, HasSubstr("pool"));
  EXPECT_EQ(find(run(add_client_rules, waited), "NOATTEMPT").severity, Severity::warning);
  waited.processes[0].ended_ns = kStart + 5 * kS;
  EXPECT_THAT(run(add_client_rules, waited), IsEmpty());  // it looked up, and that was all

  Rows not_found = quiet(30 * kS, 1);
  not_found.lookup(0, "db", kMs, -2);
  EXPECT_THAT(run(add_client_rules, not_found), IsEmpty());  // the rules of lookups speak of it
}

TEST(NoAttemptRule, NeedsACompleteRecording) {
  Rows rows = quiet(30 * kS, 1);
  rows.lookup(0, "db", kMs);
  for (int what = 0; what < 5; ++what) {
    Rows other = rows;
    if (what == 0) other.filtered = true;
    if (what == 1) other.connected(0, "10.0.0.7", 443);
    if (what == 2) other.listener("0.0.0.0", 80);
    if (what == 3) other.process("/usr/bin/caddy", "go");
    if (what == 4) other.losses.push_back({1, "ring_full", 1});
    EXPECT_FALSE(has(run(add_client_rules, other), "NOATTEMPT")) << what;
  }
  EXPECT_TRUE(has(run(add_client_rules, rows), "NOATTEMPT"));
}

// Else the report shows the moment the machine was started.
TEST(BlindRule, AStartNobodyKnowsIsNotTold) {
  Rows rows;
  rows.process("/usr/bin/caddy", "go").started_ns.reset();
  EXPECT_EQ(find(run(add_client_rules, rows), "BLIND").first_ns, std::nullopt);
  rows.process("/usr/bin/caddy", "go").started_ns = kStart + kS;
  EXPECT_EQ(find(run(add_client_rules, rows), "BLIND").first_ns, kStart + kS);
}

TEST(BlindRule, TellsOfAttemptsThatWereNotExamined) {
  diagnose::Rules rules;
  add_client_rules(rules);
  diagnose::Session session({}, std::move(rules));
  Rows rows;
  store::ConnectionRow row = rows.connected(0, "10.0.0.7", 1);
  for (std::size_t i = 0; i < diagnose::Places::kLimit + 5; ++i) {
    row.peer_address = "host" + std::to_string(i);
    session.add(row);
  }
  const auto found = find(session.finish(), "BLIND");
  EXPECT_EQ(found.severity, Severity::warning);
  EXPECT_EQ(found.count, 5);
  EXPECT_THAT(found.summary, HasSubstr("5 attempts were not examined"));
}

TEST(BlindRule, IsAProgramNotSeen) {
  Rows rows;
  rows.process("/usr/bin/caddy", "go");
  const auto alone = find(run(add_client_rules, rows), "BLIND");
  EXPECT_EQ(alone.severity, Severity::warning);
  EXPECT_THAT(alone.summary, HasSubstr("caddy was not seen: it is a Go program"));
  rows.process("/usr/bin/curl");
  const auto beside = find(run(add_client_rules, rows), "BLIND");
  EXPECT_EQ(beside.severity, Severity::info);
  EXPECT_THAT(beside.evidence[0], HasSubstr("1 of 2 "));
}

TEST(BlindRule, OutOfOrderIsNotLost) {
  Rows rows;
  rows.connected(0, "10.0.0.7", 443);
  rows.losses.push_back({1, "late", 3});
  EXPECT_FALSE(has(run(add_client_rules, rows), "BLIND"));
}

TEST(BlindRule, OrRecordsThatWereLost) {
  Rows rows;
  rows.process("/usr/bin/curl");
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
  rows.losses.push_back({1, "ring_full", 7});
  const auto found = find(run(add_client_rules, rows), "BLIND");
  EXPECT_EQ(found.count, 7);
  EXPECT_THAT(found.summary, HasSubstr("7 records were lost"));
}

TEST(ServerQ, IsAQueueAtItsLimitOrHalfOfItAndSlow) {
  Rows rows;
  rows.process("/usr/bin/server");
  auto& row = rows.listener("0.0.0.0", 80);
  row.pictures = 9;
  row.queue_limit = 128;
  row.queue_max = 63;
  row.accept_gap_max_ns = kS;
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
  row.queue_max = 64;
  EXPECT_EQ(find(run(add_client_rules, rows), "SERVERQ").confidence, Confidence::medium);
  row.accept_gap_max_ns = 100 * kMs;
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
  row.queue_max = 128;
  row.full = 3;
  row.accept_gap_max_ns = 380 * kMs;
  const auto found = find(run(add_client_rules, rows), "SERVERQ");
  EXPECT_EQ(found.confidence, Confidence::high);
  EXPECT_EQ(found.subject, "0.0.0.0:80");
  EXPECT_EQ(found.count, 3);
  EXPECT_EQ(found.of, 9);
  EXPECT_EQ(found.summary,
            "server leaves connections waiting up to 380 ms before accept; queue 128/128.");
}

TEST(ServerQ, AQueueAtItsLimitIsNoneWhereNobodyWaits) {
  const auto is_told = [](std::int64_t queue, store::OptInt gap, std::int64_t limit = 1,
                          std::int64_t full = 1) {
    Rows rows;
    auto& row = rows.listener("0.0.0.0", 80);
    row.pictures = 21;
    row.full = full;
    row.queue_limit = limit;
    row.queue_max = queue;
    row.accept_gap_max_ns = gap;
    return has(run(add_client_rules, rows), "SERVERQ");
  };
  EXPECT_FALSE(is_told(1, 20 * kMs));
  EXPECT_FALSE(is_told(1, 100 * kMs - 1));
  EXPECT_TRUE(is_told(1, 100 * kMs));
  EXPECT_FALSE(is_told(1, {}));
  EXPECT_TRUE(is_told(2, {}));
  // Again and again it is a state; of a queue of one it is nothing.
  EXPECT_TRUE(is_told(2, 90 * kMs, 2, 3));
  EXPECT_FALSE(is_told(2, 90 * kMs, 2, 2));
  EXPECT_FALSE(is_told(1, 90 * kMs, 1, 21));
}

TEST(Client, HealthyTrafficSaysNothing) {
  Rows rows;
  rows.process("/usr/bin/curl");
  for (int i = 0; i < 200; ++i) {
    rows.connected(i * 100 * kMs, "10.0.0.7", 443, "db", 80 * kMs);
    rows.syn_dropped(i * 100 * kMs, "::1", 443, 200 * kMs, 0, "db").outcome = "superseded";
  }
  EXPECT_THAT(run(add_client_rules, rows), IsEmpty());
}

TEST(ViaProxy, AlsoOfTheProgramAlone) {
  Rows rows;
  rows.process("/usr/bin/curl").proxies = "proxy:3128 10.0.0.9:8080";
  rows.connected(0, "10.0.0.7", 3128, "proxy");
  rows.connected(kS, "10.0.0.9", 8080);
  rows.connected(2 * kS, "10.0.0.9", 8081);
  const auto findings = run(add_client_rules, rows);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].of, 3);
}

// A static child: what failed may be there.
TEST(BlindRule, IsAWarningWhereTheCommandFailedForNoReasonThatWasSeen) {
  const auto severity = [](std::int64_t status, auto change) {
    Rows rows;
    rows.process("/bin/sh").exit_status = status;
    rows.process("/opt/app", "go");
    change(rows);
    return find(run(add_client_rules, rows), "BLIND").severity;
  };
  const auto as_it_is = [](Rows&) {};
  EXPECT_EQ(severity(0, as_it_is), Severity::info);
  EXPECT_EQ(severity(1, as_it_is), Severity::warning);
  EXPECT_EQ(severity(1, [](Rows& rows) { rows.connected(0, "10.0.0.7", 80); }), Severity::warning);
  EXPECT_EQ(severity(1, [](Rows& rows) { rows.refused(0, "10.0.0.7", 80); }), Severity::info);
  EXPECT_EQ(severity(1, [](Rows& rows) { rows.lookup(0, "db", kMs, -2); }), Severity::info);
  EXPECT_EQ(severity(1, [](Rows& rows) { rows.failed_call("bind", 98); }), Severity::info);
  EXPECT_EQ(severity(1, [](Rows& rows) { rows.filtered = true; }), Severity::info);
}

}  // namespace
}  // namespace sockwatch::testing
