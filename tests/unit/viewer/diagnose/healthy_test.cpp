// Where nothing is wrong, nothing above info is said.
#include <gmock/gmock.h>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::Finding;
using diagnose::Severity;
using ::testing::IsEmpty;

std::vector<std::string> complaints(const Rows& rows) {
  std::vector<std::string> result;
  for (const Finding& finding : run(
           [](diagnose::Rules& rules) {
             diagnose::add_handshake_rules(rules);
             diagnose::add_connected_rules(rules);
             diagnose::add_group_rules(rules);
           },
           rows)) {
    if (finding.severity != Severity::info) result.push_back(std::string(finding.rule));
  }
  return result;
}

TEST(Healthy, FastAndFarAway) {
  Rows rows;
  for (int i = 0; i < 1000; ++i) {
    rows.connected(i * kMs, "10.0.0.7", 443, "shop.test", i % 2 == 0 ? kMs : 81 * kMs);
  }
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, ProgramsThatAreHeldUpByLoad) {
  Rows rows;
  for (int i = 0; i < 1000; ++i) {
    auto& row = rows.connected(i * kMs, "10.0.0.7", 443, "shop.test", (i % 9) * 100 * kMs + kMs);
    row.rtt_us = 40;
    row.first_receive_ns = *row.first_send_ns + (i % 7) * 150 * kMs;
    row.closed_ns = *row.first_receive_ns + 800 * kMs;
  }
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, PoolsWhoseIdleConnectionsAreClosed) {
  Rows rows;
  for (int i = 0; i < 100; ++i) {
    auto& row = rows.connected(i * kS, "10.0.0.7", 443, "shop.test");
    row.ending = i % 2 == 0 ? "closed" : "peer_closed";
    row.close_tcp_state = i % 2 == 0 ? 1 : 8;
    row.closed_ns = row.started_ns + 75 * kS;
    row.idle_ns = 20 * kS;
    row.idle_answered_ns = 20 * kS;
    row.send_tcp_state = 1;
    row.close_last_receive_ms = 55'000;
    row.turns = 5;
    row.tls = i % 3 == 0;
    row.expired_waits = 60;
  }
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, GoodbyeOfTlsToAPeerThatHasClosed) {
  Rows rows;
  auto& row = rows.connected(0, "10.0.0.7", 443, "shop.test");
  row.ending = "peer_closed";
  row.tls = true;
  row.idle_ns = 60 * kS;
  row.send_tcp_state = 8;
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, LongPollAnsweredAfterHalfAMinute) {
  Rows rows;
  auto& row = rows.connected(0, "10.0.0.7", 443, "shop.test");
  row.first_receive_ns = *row.first_send_ns + 30 * kS;
  row.closed_ns = *row.first_receive_ns + kMs;
  row.expired_waits = 29;
  EXPECT_THAT(complaints(rows), IsEmpty());
}

// A message that expects no reply, then ticks of a loop, then the end.
TEST(Healthy, QuietConnectionClosedByTheClient) {
  for (const bool tls : {false, true}) {
    Rows rows;
    auto& row = rows.connected(0, "10.0.0.7", 443, "shop.test");
    row.ending = "response_timed_out";
    row.closed_ns = row.started_ns + 300 * kS;
    row.budget_ns = 240 * kS;
    row.budget_source = "epoll";
    row.expired_waits = tls ? 1 : 12;
    row.tls = tls;
    row.close_notsent_bytes = 0;
    row.close_last_receive_ms = 240'000;
    EXPECT_THAT(complaints(rows), IsEmpty());
  }
}

TEST(Healthy, LogOrMetricThatIsNeverAnswered) {
  Rows rows;
  auto& row = rows.connected(0, "10.0.0.7", 2003, "graphite.test");
  row.first_receive_ns.reset();
  row.bytes_received = 0;
  row.turns = 0;
  row.tls = false;
  row.closed_ns = row.started_ns + 600 * kS;
  row.segs_out = 600;
  row.close_data_segs_in = 0;
  EXPECT_THAT(complaints(rows), IsEmpty());
  row.ending = "response_timed_out";  // its loop ticked meanwhile
  row.expired_waits = 600;
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, HappyEyeballs) {
  Rows rows;
  for (int i = 0; i < 50; ++i) {
    rows.syn_dropped(i * kS, "2001:db8::5", 443, 30 * kMs, 0, "shop.test").outcome = "superseded";
    rows.connected(i * kS + kMs, "10.0.0.6", 443, "shop.test", 20 * kMs);
  }
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, LocalhostOnOneFamilyOnly) {
  Rows rows;
  for (int i = 0; i < 50; ++i) {
    rows.refused(i * kS, "::1", 8080, "localhost");
    rows.connected(i * kS + kMs, "127.0.0.1", 8080, "localhost");
  }
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, LargeBursts) {
  Rows rows;
  for (int i = 0; i < 2000; ++i) rows.connected(i / 500 * kS, "10.0.0.7", 443, "shop.test");
  EXPECT_THAT(complaints(rows), IsEmpty());
}

TEST(Healthy, ConnectionHeldAndNeverUsed) {
  Rows rows;
  auto& row = rows.connected(0, "10.0.0.7", 443);
  row.first_send_ns.reset();
  row.first_receive_ns.reset();
  row.bytes_sent = 0;
  row.bytes_received = 0;
  row.turns = 0;
  row.closed_ns = row.started_ns + 60 * kS;
  EXPECT_THAT(complaints(rows), IsEmpty());
}

}  // namespace
}  // namespace sockwatch::testing
