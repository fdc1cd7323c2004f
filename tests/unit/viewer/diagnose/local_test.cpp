#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::add_local_rules;
using diagnose::Confidence;
using diagnose::Severity;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// `used` connections in `span`, then one that found no port.
Rows exhausted(int used, store::Ns span = 10 * kS) {
  Rows rows;
  rows.settings.first_port = 40'000;
  rows.settings.last_port = 40'009;
  for (int i = 0; i < used; ++i) rows.connected(i * span / 20, "10.0.0.7", 80);
  rows.at_once(span, "10.0.0.7", 80, EADDRNOTAVAIL);
  return rows;
}

TEST(PortsRule, IsSureFromEightTenthsOfTheRangeOn) {
  const auto sure = find(run(add_local_rules, exhausted(8)), "PORTS");
  EXPECT_EQ(sure.confidence, Confidence::high);
  EXPECT_EQ(sure.severity, Severity::error);
  EXPECT_EQ(sure.subject, "10.0.0.7:80");
  EXPECT_EQ(sure.count, 1);
  EXPECT_EQ(sure.of, 9);
  EXPECT_THAT(sure.summary, HasSubstr("All 10 source ports towards 10.0.0.7:80 are in use"));
  EXPECT_EQ(find(run(add_local_rules, exhausted(7)), "PORTS").confidence, Confidence::medium);
}

TEST(PortsRule, SaysWhetherTheyAreOpenOrClosed) {
  const auto closed = find(run(add_local_rules, exhausted(8)), "PORTS");
  EXPECT_EQ(closed.summary,
            "All 10 source ports towards 10.0.0.7:80 are in use: 8 connections had been closed "
            "within the minute before and may still hold theirs (TIME_WAIT).");
  Rows leak = exhausted(8, 200 * kS);  // over minutes, and none was ever closed
  for (auto& row : leak.connections) row.closed_ns.reset();
  const auto open = find(run(add_local_rules, leak), "PORTS");
  EXPECT_EQ(open.confidence, Confidence::high);
  EXPECT_EQ(open.summary,
            "All 10 source ports towards 10.0.0.7:80 are in use: 8 connections were open.");
  EXPECT_THAT(open.next_steps, ::testing::Not(::testing::Contains(HasSubstr("time-wait"))));
  leak.connections[0].closed_ns = kStart + 190 * kS;
  EXPECT_THAT(find(run(add_local_rules, leak), "PORTS").summary,
              HasSubstr("7 were open, 1 connection had been closed"));
}

TEST(PortsRule, TimesNobodyCanHaveAreNoHarm) {
  Rows rows = exhausted(8);
  rows.connections[0].started_ns = -kStart;
  rows.connections[0].closed_ns = -2 * kStart;
  rows.connections[1].closed_ns = rows.connections[1].started_ns - 500 * kS;
  EXPECT_TRUE(has(run(add_local_rules, rows), "PORTS"));
}

TEST(PortsRule, CountsTheLastMinuteOnly) {
  EXPECT_EQ(find(run(add_local_rules, exhausted(10, 200 * kS)), "PORTS").confidence,
            Confidence::medium);
}

TEST(PortsRule, NeedsTheErrnoAtOnce) {
  Rows rows = exhausted(8);
  auto& row = rows.connections.back();
  row.decided_ns = row.started_ns + kMs;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
  row.decided_ns = row.started_ns + kMs - 1;
  EXPECT_TRUE(has(run(add_local_rules, rows), "PORTS"));
}

TEST(PortsRule, BindToAnyPort) {
  Rows rows;
  rows.failed_call("bind", EADDRINUSE, 3).argument = 8080;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
  rows.failed_call("bind", EADDRINUSE, 3).argument = 0;
  EXPECT_EQ(find(run(add_local_rules, rows), "PORTS").count, 3);
}

TEST(V6Off, IsNoAddressWithoutAnyIpv6ThatWorked) {
  Rows rows;
  auto& row = rows.at_once(0, "2001:db8::7", 443, EADDRNOTAVAIL);
  row.peer_name = "db";
  const auto alone = find(run(add_local_rules, rows), "V6-OFF");
  EXPECT_EQ(alone.severity, Severity::error);
  EXPECT_FALSE(has(run(add_local_rules, rows), "PORTS"));
  // IPv4 of the same name worked: nobody was harmed.
  rows.connected(kMs, "10.0.0.7", 443, "db");
  EXPECT_EQ(find(run(add_local_rules, rows), "V6-OFF").severity, Severity::info);
  rows.connected(kMs, "2001:db8::9", 443);
  const auto findings = run(add_local_rules, rows);
  EXPECT_FALSE(has(findings, "V6-OFF"));
  EXPECT_TRUE(has(findings, "PORTS"));
}

TEST(NoRouteRule, IsNoPacketSent) {
  Rows rows;
  rows.at_once(0, "10.99.0.1", 443, ENETUNREACH, "unreachable");
  rows.at_once(0, "10.99.0.1", 443, EHOSTUNREACH, "rejected");
  const auto found = find(run(add_local_rules, rows), "NOROUTE");
  EXPECT_EQ(found.count, 1);
  EXPECT_EQ(found.of, 2);
  EXPECT_EQ(found.summary, "The kernel has no route to 10.99.0.1; no packet was sent.");
  EXPECT_THAT(found.next_steps[0], HasSubstr("ip route get 10.99.0.1"));
}

TEST(NoRouteRule, OfIpv6IsHarmlessWhereIpv4Works) {
  Rows rows;
  rows.at_once(0, "2001:db8::7", 443, ENETUNREACH, "unreachable").peer_name = "db";
  EXPECT_THAT(find(run(add_local_rules, rows), "NOROUTE").summary, HasSubstr("no IPv6 route"));
  rows.connected(kMs, "10.0.0.7", 443, "db");
  EXPECT_EQ(find(run(add_local_rules, rows), "NOROUTE").severity, Severity::info);
}

TEST(LocalDeny, IsARuleOfThisHost) {
  for (const int error : {EACCES, EPERM, EINVAL}) {
    Rows rows;
    rows.at_once(0, "10.0.0.7", 443, error, error == EACCES ? "unreachable" : "local_error");
    const auto found = find(run(add_local_rules, rows), "LOCALDENY");
    EXPECT_EQ(found.confidence, error == EINVAL ? Confidence::medium : Confidence::high);
    auto& row = rows.connections[0];
    row.decided_ns = row.started_ns + kMs;
    EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
  }
  Rows rows;
  rows.at_once(0, "fe80::1", 443, EINVAL);
  rows.at_once(0, "10.0.0.7", 443, EACCES, "rejected");
  rows.at_once(0, "10.0.0.255", 443, EACCES, "unreachable").protocol = "udp";
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
}

TEST(SelfRule, IsTheSameAddressAndPortAtBothEnds) {
  Rows rows;
  auto& row = rows.connected(0, "127.0.0.1", 40'001);
  row.local_address = "127.0.0.1";
  row.local_port = 40'002;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
  row.local_port = 40'001;
  EXPECT_THAT(find(run(add_local_rules, rows), "SELF").summary,
              HasSubstr("nobody listens on 40001"));
  row.local_address = "127.0.0.2";
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
}

TEST(SelfRule, ExplainsTheRefusalsBeforeIt) {
  Rows rows;
  for (int i = 0; i < 3; ++i) rows.refused(i * kMs, "127.0.0.1", 40'001);
  auto& row = rows.connected(kS, "127.0.0.1", 40'001);
  row.local_address = "127.0.0.1";
  row.local_port = 40'001;
  EXPECT_THAT(ids(run_all(rows)), ElementsAre("SELF"));
}

TEST(FdsRule, CountsWhatWasOpenWhenItFirstFailed) {
  Rows rows;
  rows.process("/usr/bin/app").descriptor_limit = 1024;
  rows.failed_call("socket", EMFILE, 7).first_ns = kStart + 400 * kS;
  rows.failed_calls[0].last_ns = kStart + 500 * kS;
  rows.connected(0, "10.0.0.7", 443).closed_ns.reset();         // open, 400 s old
  rows.connected(99 * kS, "10.0.0.7", 443).closed_ns.reset();   // open, 301 s
  rows.connected(100 * kS, "10.0.0.7", 443).closed_ns.reset();  // open, 300 s
  rows.connected(100 * kS, "10.0.0.7", 443);                    // closed
  rows.connected(401 * kS, "10.0.0.7", 443).closed_ns.reset();  // later
  const auto found = find(run(add_local_rules, rows), "FDS");
  EXPECT_EQ(found.count, 7);
  EXPECT_EQ(found.subject, "app (pid 4711)");
  EXPECT_EQ(found.summary,
            "app is at its limit of 1,024 open files; 3 connections it made were open then, 2 of "
            "them for over 5 min.");
}

// A server made no connections: those it could not take are what matters.
TEST(FdsRule, AServerThatCannotAccept) {
  Rows rows;
  rows.process("/usr/bin/app").descriptor_limit = 1024;
  rows.failed_call("accept4", EMFILE, 7);
  EXPECT_EQ(find(run(add_local_rules, rows), "FDS").summary,
            "app is at its limit of 1,024 open files; it cannot accept the connections that wait.");
  rows.failed_call("socket", EMFILE, 1);
  EXPECT_THAT(find(run(add_local_rules, rows), "FDS").summary, HasSubstr("0 connections it made"));
}

// A failed call of socket has a row among the attempts as well.
TEST(FdsRule, CountsACallOnce) {
  Rows rows;
  rows.process("/usr/bin/app");
  rows.failed_call("socket", EMFILE, 5);
  for (int i = 0; i < 5; ++i) rows.at_once(i * kMs, "10.0.0.7", 443, EMFILE);
  EXPECT_EQ(find(run(add_local_rules, rows), "FDS").count, 5);
}

TEST(FdsRule, AlsoWhereConnectSaysIt) {
  Rows rows;
  rows.at_once(0, "10.0.0.7", 443, ENFILE);
  EXPECT_TRUE(has(run(add_local_rules, rows), "FDS"));
  rows.connections[0].error = ENOBUFS;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
}

TEST(FdSetRule, IsADescriptorBeyondTheSet) {
  Rows rows;
  auto& process = rows.process("/usr/bin/app");
  auto& call = rows.failed_call("select", 0);
  call.argument = 1024;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
  call.argument = 1025;
  const auto found = find(run(add_local_rules, rows), "FDSET");
  EXPECT_EQ(found.severity, Severity::warning);
  EXPECT_EQ(found.summary,
            "app waits with select on descriptor 1024; select cannot hold more than "
            "1023.");
  process.exit_status = 134;
  EXPECT_EQ(find(run(add_local_rules, rows), "FDSET").severity, Severity::error);
}

TEST(SndTimeo, IsEinprogressAtTheTimeLimit) {
  Rows rows;
  auto& row = rows.syn_dropped(0, "10.0.0.7", 443, 2 * kS, 1);
  row.blocking = true;
  row.error = EINPROGRESS;
  row.budget_source = "SO_SNDTIMEO";
  EXPECT_THAT(find(run(add_local_rules, rows), "SNDTIMEO").summary,
              HasSubstr("means the 2.0 s connect timeout expired"));
  row.noticed_ns = row.started_ns + 1'980 * kMs;
  EXPECT_TRUE(has(run(add_local_rules, rows), "SNDTIMEO"));
  row.noticed_ns = row.started_ns + 1'979 * kMs;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
  row.noticed_ns = row.started_ns + 2'100 * kMs;
  EXPECT_TRUE(has(run(add_local_rules, rows), "SNDTIMEO"));
  row.noticed_ns = row.started_ns + 2'101 * kMs;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
  row.noticed_ns = row.started_ns + 2 * kS;
  row.blocking = false;
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
}

// The errno reads as if all were well: what it means comes before why nobody answered.
TEST(SndTimeo, StandsBeforeTheSilenceOfTheSameAttempts) {
  Rows rows;
  for (int i = 0; i < 6; ++i) {
    auto& row = rows.syn_dropped(i * 3 * kS, "10.0.0.7", 443, 2 * kS, 1);
    row.blocking = true;
    row.error = EINPROGRESS;
    row.budget_source = "SO_SNDTIMEO";
  }
  EXPECT_THAT(ids(run_all(rows)), ElementsAre("SNDTIMEO", "SYNDROP"));
}

TEST(EintrRule, IsAConnectGivenUpAfterASignal) {
  Rows rows;
  auto& row = rows.attempt(0, "10.0.0.7", 443);
  row.interrupted = true;
  row.outcome = "cancelled";
  row.error = EINTR;
  rows.connected(0, "10.0.0.7", 443).interrupted = true;
  const auto found = find(run(add_local_rules, rows), "EINTR");
  EXPECT_EQ(found.count, 1);
  EXPECT_EQ(found.of, 1);
  EXPECT_EQ(found.severity, Severity::warning);
  row.outcome = "connected";
  row.error.reset();
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
}

TEST(UnixFull, IsAgain) {
  Rows rows;
  rows.unix_socket(0, "/run/php.sock", EAGAIN);
  rows.unix_socket(0, "/run/php.sock", 0, "connected");
  const auto found = find(run(add_local_rules, rows), "UNIXFULL");
  EXPECT_EQ(found.summary, "The queue of /run/php.sock is full: all workers are busy.");
  EXPECT_EQ(found.of, 2);
}

TEST(UnixGone, IsNobodyThere) {
  for (const int error : {ENOENT, EACCES, ECONNREFUSED}) {
    Rows rows;
    rows.unix_socket(0, "/run/php.sock", error, error == ECONNREFUSED ? "refused" : "local_error");
    EXPECT_EQ(find(run(add_local_rules, rows), "UNIXGONE").severity, Severity::error);
    rows.unix_socket(kS, "/run/php.sock", 0, "connected");
    EXPECT_EQ(find(run(add_local_rules, rows), "UNIXGONE").severity, Severity::warning);
  }
  Rows rows;
  rows.unix_socket(0, "/run/php.sock", EPROTOTYPE);
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
}

TEST(UnixGone, ServicesProgramsDoWellWithoutAreNoErrors) {
  Rows rows;
  rows.unix_socket(0, "/var/run/nscd/socket", ENOENT);
  EXPECT_EQ(find(run(add_local_rules, rows), "UNIXGONE").severity, Severity::info);
}

TEST(Local, HealthyTrafficSaysNothing) {
  Rows rows;
  rows.process("/usr/bin/curl");
  for (int i = 0; i < 1000; ++i) rows.connected(i * kMs, "10.0.0.7", 443, "db");
  rows.unix_socket(0, "/run/php.sock", 0, "connected");
  EXPECT_THAT(run(add_local_rules, rows), IsEmpty());
}

TEST(UnixGone, QuotesThePathInItsCommand) {
  Rows rows;
  rows.unix_socket(0, "/run/my app\x1b[31m$(reboot).sock", ENOENT);
  EXPECT_EQ(find(run(add_local_rules, rows), "UNIXGONE").next_steps[0],
            "ls -l $'/run/my app\\x1b[31m$(reboot).sock'");
  Rows abstract;
  abstract.unix_socket(0, "@my bus;$(reboot)", ECONNREFUSED, "refused");
  // An abstract name is no file.
  const auto gone = find(run(add_local_rules, abstract), "UNIXGONE");
  EXPECT_THAT(gone.next_steps, ElementsAre("ss -xlp | grep -F -e '@my bus;$(reboot)'"));
  EXPECT_THAT(gone.summary, ::testing::HasSubstr("no program listens on this name"));
}

TEST(V6OffRule, AnOwnAddressThatIsNotThere) {
  const auto told = [](std::string address, std::int64_t error, std::int64_t status,
                       bool connects) {
    Rows rows;
    rows.process("/usr/bin/curl").exit_status = status;
    auto& call = rows.failed_call("bind", error, 2);
    call.address = std::move(address);
    call.argument = 0;
    if (connects) rows.connected(kS, "10.0.0.7", 80);
    return run(add_local_rules, rows);
  };
  const auto failed = find(told("203.0.113.9", EADDRNOTAVAIL, 45, false), "V6-OFF");
  EXPECT_EQ(failed.severity, Severity::error);
  EXPECT_EQ(failed.subject, "203.0.113.9");
  EXPECT_EQ(failed.count, 2);
  EXPECT_EQ(failed.summary,
            "curl was to use the own address 203.0.113.9, and this host has no such address.");
  EXPECT_EQ(find(told("203.0.113.9", EADDRNOTAVAIL, 0, false), "V6-OFF").severity, Severity::error);
  EXPECT_EQ(find(told("203.0.113.9", EADDRNOTAVAIL, 0, true), "V6-OFF").severity,
            Severity::warning);
  EXPECT_EQ(find(told("203.0.113.9", EADDRNOTAVAIL, 7, true), "V6-OFF").severity, Severity::error);
  // By this programs ask whether there is IPv6 at all.
  EXPECT_EQ(find(told("::1", EADDRNOTAVAIL, 7, false), "V6-OFF").severity, Severity::info);
  EXPECT_FALSE(has(told("203.0.113.9", EADDRINUSE, 1, false), "V6-OFF"));
}

}  // namespace
}  // namespace sockwatch::testing
