#include "viewer/render/evidence_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/viewer/render/traces.h"

namespace sockwatch::render {
namespace {

using namespace sockwatch::testing;
using ::testing::HasSubstr;
using ::testing::Not;

class EvidenceText : public ::testing::Test {
 protected:
  store::ConnectionRow& tcp() { return trace_.tcp(0, "10.0.0.1", 80); }
  static std::string said(const store::ConnectionRow& row) { return attempt_sentence(row, {}); }

  // Of all rows of the trace, which must fail in the same way.
  std::string said_of_all() {
    const model::Summary summary = summarise(trace_);
    EXPECT_EQ(summary.failures.size(), 1u);
    const auto& group = summary.failures.at(0);
    return failure_sentence(group.key, group.evidence, false, {});
  }

  Trace trace_;
};

TEST_F(EvidenceText, BlackHole) {
  EXPECT_EQ(
      said(black_hole(tcp(), 3 * kS, 1)),
      "never answered (2 SYNs in 3.00s, nothing came back); the program gave up after its own "
      "3.00s (poll)");
}

TEST_F(EvidenceText, SlicedWaitsAreNotTheBudget) {
  auto& row = black_hole(tcp(), 3 * kS, 1);
  row.budget_ns = 199 * kMs;
  EXPECT_THAT(said(row), HasSubstr("gave up after 3.00s (its last wait: poll, 199ms)"));
}

TEST_F(EvidenceText, NoBudgetKnown) {
  auto& row = black_hole(tcp(), 3 * kS, 1);
  row.budget_ns.reset();
  row.budget_source.reset();
  EXPECT_THAT(said(row), ::testing::EndsWith("; the program gave up after 3.00s"));
}

TEST_F(EvidenceText, SignalAndSndtimeo) {
  auto& row = black_hole(tcp(), 2 * kS, 1);
  row.budget_source = "signal";
  EXPECT_THAT(said(row), HasSubstr("a signal made the program give up after 2.00s"));
  row.budget_source = "SO_SNDTIMEO";
  EXPECT_THAT(said(row), HasSubstr("after its own 2.00s (SO_SNDTIMEO)"));
}

TEST_F(EvidenceText, SilenceIsSaidOnlyWhereItIsProven) {
  auto& row = black_hole(tcp(), 3 * kS, 1);
  row.segs_in.reset();
  EXPECT_THAT(said(row), HasSubstr("did not connect in time (2 SYNs in 3.00s);"));
  // A blocking connect that failed: the kernel has cleared the counters.
  row.segs_in = 0;
  row.segs_out = 0;
  row.tcp_state = 7;
  EXPECT_THAT(said(row), Not(HasSubstr("nothing came back")));
  row.segs_in = 2;
  EXPECT_THAT(said(row), HasSubstr("packets came back"));
  EXPECT_THAT(said(row), Not(HasSubstr("never answered")));
}

TEST_F(EvidenceText, OneThatWasAnsweredTakesSilenceFromTheGroup) {
  black_hole(tcp(), 3 * kS, 2);
  black_hole(tcp(), 3 * kS, 2);
  black_hole(tcp(), 3 * kS, 2).segs_in = 1;
  EXPECT_THAT(said_of_all(), HasSubstr("did not connect in time (3 SYNs in 3.00s, nothing came "
                                       "back in 2 of 3)"));
}

TEST_F(EvidenceText, OneWithoutNumbersTakesThemFromTheGroup) {
  black_hole(tcp(), 3 * kS, 2);
  auto& row = black_hole(tcp(), 3 * kS, 2);
  row.syn_retransmits.reset();
  row.budget_ns.reset();
  EXPECT_THAT(said_of_all(), Not(HasSubstr("SYN")));
  EXPECT_THAT(said_of_all(), Not(HasSubstr("its own")));
}

TEST_F(EvidenceText, RangesOverAGroup) {
  black_hole(tcp(), kS, 0);
  black_hole(tcp(), 3 * kS, 2);
  EXPECT_EQ(
      said_of_all(),
      "never answered (1–3 SYNs in 1.00s–3.00s, nothing came back); the program gave up after "
      "its own 1.00s–3.00s (poll)");
}

TEST_F(EvidenceText, KernelTimeouts) {
  auto& row = black_hole(tcp(), 130 * kS, 10);
  row.outcome = "timed_out_kernel";
  row.error = ETIMEDOUT;
  row.budget_source = "kernel";
  EXPECT_EQ(said(row),
            "never answered (11 SYNs in 2m10s, nothing came back); the kernel gave up after 2m10s "
            "(ETIMEDOUT)");
  row.budget_ns = 2'500 * kMs;
  row.budget_source = "TCP_USER_TIMEOUT";
  EXPECT_THAT(said(row), HasSubstr("at the program's TCP_USER_TIMEOUT of 2.50s"));
}

TEST_F(EvidenceText, HandshakeDoneButNotNoticed) {
  auto& row = black_hole(tcp(), 3 * kS, 0);
  row.tcp_state = 1;
  row.segs_in = 1;
  EXPECT_THAT(said(row), ::testing::StartsWith("was connected, but the program had not taken"));
}

// A datagram socket has no connection that could be reset: what came back is an ICMP message.
TEST_F(EvidenceText, AnIcmpAnswerToADatagramIsNoReset) {
  auto& row = connect_in(tcp(), kMs);
  row.protocol = "udp";
  row.ending = "reset";
  row.error = ECONNREFUSED;
  row.closed_ns = row.started_ns + 2 * kMs;
  EXPECT_EQ(said(row), "answered 'no' (ECONNREFUSED) after 2.0ms");
  const model::Summary summary = summarise(trace_);
  EXPECT_EQ(summary.total.count(model::Outcome::refused), 1u);
  EXPECT_EQ(summary.total.count(model::Outcome::connected), 0u);
  EXPECT_EQ(summary.total.count(model::Ending::reset), 0u);
  EXPECT_EQ(summary.total.failures(), 1u);
  row.error = EHOSTUNREACH;
  EXPECT_THAT(said(row), HasSubstr("cannot be reached: EHOSTUNREACH"));
  // Whatever word the trace has for it.
  row.error = ECONNREFUSED;
  for (const auto& [outcome, ending] :
       {std::pair<std::string, store::OptText>{"connected", "refused"},
        {"refused", std::nullopt}}) {
    row.outcome = outcome;
    row.ending = ending;
    EXPECT_THAT(said(row), ::testing::StartsWith("answered 'no' (ECONNREFUSED)"));
    EXPECT_EQ(summarise(trace_).total.count(model::Outcome::refused), 1u);
    EXPECT_EQ(summarise(trace_).total.failures(), 1u);
    EXPECT_EQ(summarise(trace_).total.connect.count(), 0u);
  }
  row.outcome = "connected";
  row.ending = "reset";
  row.error = EHOSTUNREACH;
  row.protocol = "tcp";
  EXPECT_THAT(said(row), HasSubstr("then the connection was reset"));
}

TEST_F(EvidenceText, RefusedRejectedUnreachable) {
  EXPECT_EQ(said(refuse(tcp())), "answered 'no' (ECONNREFUSED) after 0.1ms");
  auto& rejected = refuse(tcp());
  rejected.outcome = "rejected";
  rejected.error = EHOSTUNREACH;
  EXPECT_EQ(said(rejected),
            "cannot be reached: EHOSTUNREACH (No route to host) after 0.1ms; a router said so, or "
            "the next hop did not answer");
  rejected.outcome = "unreachable";
  rejected.error = ENETUNREACH;
  EXPECT_EQ(said(rejected),
            "cannot be reached from this host: ENETUNREACH (Network is unreachable); no packet was "
            "sent");
}

TEST_F(EvidenceText, LocalErrorAndFullUnixQueue) {
  auto& row = refuse(tcp());
  row.outcome = "local_error";
  row.error = EADDRNOTAVAIL;
  EXPECT_EQ(said(row),
            "was not reached, because of an error on this host: EADDRNOTAVAIL (Cannot assign "
            "requested address)");
  row.error = EAGAIN;
  row.protocol = "unix";
  EXPECT_THAT(said(row), HasSubstr("the queue of its listener is full (EAGAIN)"));
}

TEST_F(EvidenceText, NoReply) {
  auto& row = exchange(connect_in(tcp(), kMs), kMs);
  row.ending = "response_timed_out";
  row.bytes_received = 0;
  row.close_bytes_acked = 201;
  row.budget_ns = 5 * kS;
  row.budget_source = "SO_RCVTIMEO";
  EXPECT_EQ(said(row),
            "connected (handshake 1.0ms), then no reply to 200 B (all acknowledged) came; the "
            "program gave up after its own 5.00s (SO_RCVTIMEO)");
  row.close_bytes_acked = 1;
  row.retransmits = 4;
  EXPECT_THAT(said(row), HasSubstr("to 200 B (0 B acknowledged, 4 resends)"));
  row.bytes_received = 1;
  row.first_receive_ns = *row.first_send_ns + kMs;
  EXPECT_THAT(said(row), HasSubstr("then no further reply came; the program"));
  row.first_receive_ns.reset();
  EXPECT_THAT(said(row), HasSubstr("then bytes came that the program never read; the program"));
}

TEST_F(EvidenceText, ClosedAndReset) {
  auto& row = exchange(connect_in(tcp(), kMs), kMs);
  row.bytes_received = 0;
  row.ending = "no_response";
  EXPECT_EQ(said(row), "connected (handshake 1.0ms), then closed with no reply to 200 B");
  row.ending = "reset";
  row.error = ECONNRESET;
  EXPECT_EQ(said(row),
            "connected (handshake 1.0ms), then the connection was reset (ECONNRESET) after 3.1ms");
}

TEST_F(EvidenceText, TheKernelGaveUpOnARequest) {
  auto& row = exchange(connect_in(tcp(), kMs), kMs);
  row.ending = "response_timed_out";
  row.bytes_received = 0;
  row.budget_ns = 924 * kS;
  row.budget_source = "kernel";
  EXPECT_THAT(said(row), ::testing::EndsWith("; the kernel gave up after 15m24s"));
  row.budget_ns = 10 * kS;
  row.budget_source = "TCP_USER_TIMEOUT";
  EXPECT_THAT(said(row),
              ::testing::EndsWith("gave up, as the program's TCP_USER_TIMEOUT of 10.0s says"));
}

TEST_F(EvidenceText, AbandonedWithAWaitThatHadRunOut) {
  auto& row = black_hole(tcp(), 4 * kS, 2);
  row.outcome = "abandoned";
  row.budget_ns = 3 * kS;
  EXPECT_EQ(
      said(row),
      "was not connected yet when the process ended (3 SYNs in 4.00s, nothing came back); the "
      "program's wait of 3.00s (poll) had run out");
  row.expired_waits = 0;
  EXPECT_THAT(said(row), Not(HasSubstr("run out")));
  row.segs_in.reset();
  EXPECT_THAT(said(row), HasSubstr("was not known to be connected when the process ended"));
}

TEST_F(EvidenceText, RefusalNoticedLate) {
  auto& row = refuse(tcp());
  row.noticed_ns = *row.decided_ns + 2 * kS;
  EXPECT_EQ(said(row), "answered 'no' (ECONNREFUSED) after 0.1ms; the program noticed 2.00s later");
}

TEST_F(EvidenceText, LateNotice) {
  auto& row = connect_in(tcp(), kMs);
  row.noticed_ns = *row.decided_ns + 2'900 * kMs;
  EXPECT_EQ(said(row), "handshake 1.0ms, the program noticed 2.90s later");
}

TEST_F(EvidenceText, NotFailures) {
  auto& row = black_hole(tcp(), 204 * kMs, 0);
  row.outcome = "superseded";
  EXPECT_THAT(said(row), HasSubstr("another address of the name connected first"));
  row.outcome = "cancelled";
  EXPECT_THAT(said(row), HasSubstr("closed by the program before there was a result"));
  row.outcome = "something new";
  EXPECT_EQ(said(row), "");
}

TEST_F(EvidenceText, NeverNamesACause) {
  for (const auto word : model::kOutcomeWords) {
    auto& row = black_hole(tcp(), 3 * kS, 2);
    row.outcome = word;
    for (const int error : {ETIMEDOUT, EACCES, EPERM, EHOSTUNREACH, 0}) {
      row.error = error;
      EXPECT_THAT(said(row), Not(HasSubstr("irewall"))) << word;
    }
  }
}

}  // namespace
}  // namespace sockwatch::render
