// A connected socket: turns, bytes, endings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>
#include <limits>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct Talking : ::testing::Test {
  Story story;
  void SetUp() override { story.connect(kFd, "10.0.0.1", 80).blocking().succeeds(); }
  void ask(std::int64_t reply_ms) {
    story.send(kFd, 100);
    story.pass(reply_ms);
    story.receive(kFd, 50);
  }
};

TEST_F(Talking, OpenUntilTold) {
  EXPECT_EQ(story.row().ending, "open");
  story.exec();
  EXPECT_EQ(story.row().ending, "open");
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
}

TEST_F(Talking, TurnsAreCounted) {
  ask(5);
  ask(20);
  ask(10);
  const auto row = story.row();
  EXPECT_EQ(row.turns, 3);
  EXPECT_EQ(row.turn_max_ns, 20 * kMs + kCall);
  EXPECT_EQ(row.turn_total_ns, 35 * kMs + 3 * kCall);
}

TEST_F(Talking, ForgedTimesDoNotOverflowTheSum) {
  for (int turn = 0; turn < 40; ++turn) {  // each lasts as long as there can be
    story.advance_to(-kCall);
    story.send(kFd, 1);
    story.advance_to(kMostNs - kCall);
    story.receive(kFd, 1);
  }
  EXPECT_EQ(story.row().turns, 40);
  EXPECT_EQ(story.row().turn_max_ns, kMostNs);
  EXPECT_EQ(story.row().turn_total_ns, std::numeric_limits<std::int64_t>::max());
}

TEST_F(Talking, ASendWithinATurnDoesNotStartOne) {
  story.send(kFd, 100);
  story.pass(3);
  story.send(kFd, 100, 0);
  story.pass(4);
  story.receive(kFd, 1);
  EXPECT_EQ(story.row().turns, 1);
  EXPECT_EQ(story.row().turn_max_ns, 7 * kMs + 2 * kCall);
}

TEST_F(Talking, PeekedBytesEndATurnOnce) {
  story.send(kFd, 100);
  story.receive(kFd, 50, wire::kPeeked);
  const auto first = story.now();
  story.receive(kFd, 50, wire::kFirstByte);
  EXPECT_EQ(story.row().turns, 1);
  EXPECT_EQ(story.row().first_receive_ns, first);
}

TEST_F(Talking, ALostReceiveIsNotATurn) {
  story.send(kFd, 100);
  story.pass(5000);
  story.send(kFd, 100, wire::kTurnStart);  // the library had seen a reply
  story.pass(5);
  story.receive(kFd, 1);
  EXPECT_EQ(story.row().turns, 1);
  EXPECT_EQ(story.row().turn_max_ns, 5 * kMs + kCall);
}

TEST_F(Talking, Closed) {
  ask(1);
  story.close(kFd, talked(100, 50));
  const auto row = story.row();
  EXPECT_EQ(row.ending, "closed");
  EXPECT_EQ(row.bytes_sent, 100);
  EXPECT_EQ(row.bytes_received, 50);
  EXPECT_EQ(row.closed_ns, story.now());
  EXPECT_EQ(row.tls, false);
}

TEST_F(Talking, PeerClosedAfterItsReply) {
  ask(1);
  story.end_of_file(kFd);
  auto tcp = talked(100, 51);  // the kernel counts the FIN as a byte
  tcp.state = TCP_CLOSE_WAIT;
  story.close(kFd, tcp);
  EXPECT_EQ(story.row().ending, "peer_closed");
  EXPECT_EQ(story.row().bytes_received, 50);
}

TEST_F(Talking, PeerClosedUnread) {
  ask(1);
  auto tcp = talked(100, 51);
  tcp.state = TCP_CLOSE_WAIT;
  story.close(kFd, tcp);
  EXPECT_EQ(story.row().ending, "peer_closed");
}

TEST_F(Talking, NoResponse) {
  story.send(kFd, 100);
  story.end_of_file(kFd);
  story.close(kFd, picture(TCP_CLOSE_WAIT));
  EXPECT_EQ(story.row().ending, "no_response");
}

TEST_F(Talking, NoResponseBeforeAnythingWasSaid) {
  auto tcp = talked(0, 1);  // one byte: the FIN
  tcp.state = TCP_CLOSE_WAIT;
  story.close(kFd, tcp);
  EXPECT_EQ(story.row().ending, "no_response");
  EXPECT_EQ(story.row().bytes_received, 0);
}

TEST_F(Talking, ResetByErrno) {
  story.send(kFd, 100);
  story.receive_fails(kFd, ECONNRESET, picture(TCP_CLOSE));
  story.close(kFd, picture(TCP_CLOSE));
  EXPECT_EQ(story.row().ending, "reset");
  EXPECT_EQ(story.row().error, ECONNRESET);
}

TEST_F(Talking, BrokenPipeIsAReset) {
  story.send_fails(kFd, EPIPE);
  story.close(kFd, picture(TCP_CLOSE));
  EXPECT_EQ(story.row().ending, "reset");
}

TEST_F(Talking, BrokenPipeAfterOwnShutdownIsNot) {
  ask(1);
  story.shutdown(kFd, SHUT_WR);
  story.send_fails(kFd, EPIPE);
  story.close(kFd, talked(100, 50));
  EXPECT_EQ(story.row().ending, "closed");
  EXPECT_EQ(story.row().error, std::nullopt);
}

TEST_F(Talking, EndOfFileAfterOwnShutdownIsOwn) {
  ask(1);
  story.shutdown(kFd, SHUT_RDWR);
  story.end_of_file(kFd);
  story.close(kFd);
  EXPECT_EQ(story.row().ending, "closed");
}

TEST_F(Talking, WhatCameFirstCounts) {  // a stale pooled connection
  ask(1);
  story.end_of_file(kFd);
  story.send_fails(kFd, EPIPE);
  story.close(kFd, picture(TCP_CLOSE));
  EXPECT_EQ(story.row().ending, "peer_closed");
  EXPECT_EQ(story.row().error, EPIPE);
}

TEST_F(Talking, ResetReadThroughSoError) {
  story.so_error(kFd, ECONNRESET, picture(TCP_CLOSE));
  story.close(kFd, picture(TCP_CLOSE));
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().ending, "reset");
}

TEST_F(Talking, StateCloseAloneIsNoReset) {
  ask(1);
  auto tcp = talked(100, 50);
  tcp.state = TCP_CLOSE;
  story.close(kFd, tcp);
  EXPECT_EQ(story.row().ending, "closed");
  EXPECT_EQ(story.row().close_tcp_state, TCP_CLOSE);
}

TEST_F(Talking, ResponseTimedOutInPoll) {
  story.send(kFd, 100);
  story.poll(kFd, 2000).expires();
  story.close(kFd, talked(100, 0));
  const auto row = story.row();
  EXPECT_EQ(row.ending, "response_timed_out");
  EXPECT_EQ(row.budget_ns, 2000 * kMs);
  EXPECT_EQ(row.budget_source, "poll");
  EXPECT_EQ(row.expired_waits, 1);
  EXPECT_EQ(row.close_unacked, 0);
  EXPECT_EQ(row.close_bytes_acked, 101);
}

TEST_F(Talking, ResponseTimedOutInSlices) {
  story.send(kFd, 100);
  const auto sent = story.now();
  for (int i = 0; i < 3; ++i) story.poll(kFd, 500).expires();
  auto tcp = talked(100, 0);
  tcp.last_data_sent_ms = 1500;
  story.close(kFd, tcp);
  EXPECT_EQ(story.row().budget_ns, story.now() - kCall - sent);
  EXPECT_EQ(story.row().expired_waits, 3);
}

TEST_F(Talking, ResponseTimedOutInReceive) {
  story.set_timeout(kFd, SO_RCVTIMEO, 1000);
  story.send(kFd, 100);
  story.receive_waits(kFd, 1004);
  story.close(kFd, talked(100, 0));
  EXPECT_EQ(story.row().ending, "response_timed_out");
  EXPECT_EQ(story.row().budget_source, "SO_RCVTIMEO");
  EXPECT_EQ(story.row().budget_ns, 1000 * kMs);
  ASSERT_EQ(story.waits().size(), 1u);
  EXPECT_EQ(story.waits()[0].call, "recv");
  EXPECT_EQ(story.waits()[0].result, -1);
}

TEST_F(Talking, ReceiveThatMayNotWaitDidNotTimeOut) {
  story.send(kFd, 100);
  story.receive_fails(kFd, EAGAIN);
  story.close(kFd, talked(100, 0));
  EXPECT_EQ(story.row().ending, "closed");
}

TEST_F(Talking, ASlowCallThatNobodyLimitedDidNotTimeOut) {  // non-blocking, and not scheduled
  story.send(kFd, 100);
  Observation o = story.call(wire::Op::recv, kFd);
  o.flags = wire::kHasStart;
  o.duration_ns = 30 * kMs;
  o.result = -1;
  o.error = EAGAIN;
  story.pass(30);
  story.say(o);
  story.close(kFd, talked(100, 0));
  EXPECT_EQ(story.row().ending, "closed");
}

TEST_F(Talking, ResponseTimedOutInEpoll) {
  story.epoll_ctl(9, EPOLL_CTL_ADD, kFd);
  story.epoll(9, 100).expires();  // before the request: idle
  story.send(kFd, 100);
  story.epoll(9, 3000).expires();
  story.close(kFd, talked(100, 0));
  EXPECT_EQ(story.row().ending, "response_timed_out");
  EXPECT_EQ(story.row().budget_source, "epoll");
  EXPECT_EQ(story.row().budget_ns, 3000 * kMs);
  EXPECT_EQ(story.row().expired_waits, 1);
}

TEST_F(Talking, IdleTimeIsNobodysWait) {
  story.epoll_ctl(9, EPOLL_CTL_ADD, kFd);
  for (int i = 0; i < 100; ++i) story.epoll(9, 10).expires();
  story.send(kFd, 100);
  story.epoll(9, 3000).expires();
  story.close(kFd, talked(100, 0));
  EXPECT_EQ(story.row().expired_waits, 1);
  EXPECT_EQ(story.row().budget_ns, 3000 * kMs);
}

TEST_F(Talking, AReplyAfterAnExpiredWaitIsAReply) {
  story.send(kFd, 100);
  story.poll(kFd, 500).expires();
  story.receive(kFd, 50);
  story.close(kFd, talked(100, 50));
  EXPECT_EQ(story.row().ending, "closed");
  EXPECT_EQ(story.row().expired_waits, 1);
}

TEST_F(Talking, AWaitBeforeTheRequestIsNotForItsReply) {
  story.poll(kFd, 500).expires();
  story.send(kFd, 100);
  story.close(kFd, talked(100, 0));
  EXPECT_EQ(story.row().ending, "closed");
}

TEST_F(Talking, ResponseTimedOutAtTheEndOfTheProcess) {
  story.send(kFd, 100);
  story.poll(kFd, 500).expires();
  story.process_ends();
  EXPECT_EQ(story.row().ending, "response_timed_out");
  EXPECT_EQ(story.row().closed_ns, story.now());
}

// A loop that looks at its clock every 200 ms has no time-out: killed in between, nobody gave up.
TEST_F(Talking, KilledBetweenTwoTicksOfALoop) {
  story.send(kFd, 100);
  for (int i = 0; i < 4; ++i) story.poll(kFd, 200).expires();
  story.pass(90);
  story.process_ends();
  EXPECT_EQ(story.row().ending, "closed");
  EXPECT_EQ(story.row().budget_ns, std::nullopt);
}

TEST_F(Talking, ProcessEndCloses) {
  ask(1);
  story.process_ends();
  EXPECT_EQ(story.row().ending, "closed");
}

TEST_F(Talking, TheKernelGaveUpResending) {
  story.send(kFd, 100);
  story.pass(924'600);
  story.receive_fails(kFd, ETIMEDOUT, picture(TCP_CLOSE));
  story.close(kFd, picture(TCP_CLOSE));
  const auto row = story.row();
  EXPECT_EQ(row.ending, "response_timed_out");
  EXPECT_EQ(row.error, ETIMEDOUT);
  EXPECT_EQ(row.budget_source, "kernel");
  EXPECT_EQ(row.budget_ns, 924'600 * kMs + kCall);
}

TEST_F(Talking, PacketsLostAfterTheHandshake) {
  story.send(kFd, 100);
  story.poll(kFd, 5000).expires();
  auto tcp = talked(500, 0);  // 100 bytes sent five times
  tcp.bytes_acked = 1;
  tcp.unacked = 1;
  tcp.backoff = 4;
  tcp.total_retrans = 4;
  story.close(kFd, tcp);
  const auto row = story.row();
  EXPECT_EQ(row.ending, "response_timed_out");
  EXPECT_EQ(row.retransmits, 4);
  EXPECT_EQ(row.syn_retransmits, 0);
  EXPECT_EQ(row.close_unacked, 1);
  EXPECT_EQ(row.close_backoff, 4);
  EXPECT_EQ(row.bytes_sent, std::nullopt);  // not exactly known
}

TEST_F(Talking, BytesAfterResendsThatArrived) {
  auto tcp = talked(300, 0);
  tcp.bytes_acked = 101;  // the SYN counts
  tcp.total_retrans = 2;
  story.close(kFd, tcp);
  EXPECT_EQ(story.row().bytes_sent, 100);
}

TEST_F(Talking, BytesInCloseAreExactOrNotSaid) {  // did a FIN come, and count as a byte?
  auto tcp = talked(100, 51);
  tcp.state = TCP_CLOSE;
  ask(1);
  story.close(kFd, tcp);
  EXPECT_EQ(story.row(1).bytes_received, std::nullopt);
  story.connect(4, "10.0.0.1", 80).blocking().succeeds();
  story.end_of_file(4);
  story.close(4, tcp);
  EXPECT_EQ(story.row(2).bytes_received, 50);
  story.connect(5, "10.0.0.1", 80).blocking().succeeds();
  story.receive_fails(5, ECONNRESET, tcp);
  EXPECT_EQ(story.row(3).bytes_received, 51);
}

// The kernel reads the state first: the FIN of the peer may come before it reads the count.
TEST_F(Talking, BytesAfterOurFinAreExactOrNotSaid) {
  for (const std::uint8_t state : {TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE}) {
    Story one;
    one.connect(3, "10.0.0.1", 80).blocking().succeeds();
    one.send(3, 100);
    one.receive(3, 50, wire::kFirstByte, talked(100, 50));
    auto tcp = talked(100, 51);  // with the FIN, or a byte more
    tcp.state = state;
    tcp.data_segs_in = 2;
    one.shutdown(3, SHUT_WR, talked(100, 50));
    one.close(3, tcp);
    EXPECT_EQ(one.row().bytes_received, std::nullopt);
  }
}

TEST_F(Talking, WithoutAnotherSegmentOfDataTheEarlierCountStands) {
  for (const std::uint8_t state : {TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSE}) {
    Story one;
    one.connect(3, "10.0.0.1", 80).blocking().succeeds();
    one.send(3, 100);
    one.receive(3, 50, wire::kFirstByte, talked(100, 50));
    one.shutdown(3, SHUT_WR, talked(100, 50));
    auto tcp = talked(100, 51);
    tcp.state = state;
    one.close(3, tcp);
    EXPECT_EQ(one.row().bytes_received, 50);
  }
}

TEST_F(Talking, AKernelThatDoesNotCount) {
  auto tcp = talked(100, 50);
  tcp.known_bytes = 104;
  story.close(kFd, tcp);
  const auto row = story.row();
  EXPECT_EQ(row.bytes_sent, std::nullopt);
  EXPECT_EQ(row.bytes_received, std::nullopt);
  EXPECT_EQ(row.segs_in, std::nullopt);
  EXPECT_EQ(row.close_unacked, 0);
}

TEST_F(Talking, ReportsOfTheErrorQueueAreNoData) {
  story.send(kFd, 100);
  Observation o = story.call(wire::Op::recvmsg, kFd);
  o.result = 60;
  o.payload.transfer.message_flags = MSG_ERRQUEUE;
  story.say(o);
  EXPECT_EQ(story.row().turns, 0);
  EXPECT_EQ(story.row().first_receive_ns, std::nullopt);
}

}  // namespace
}  // namespace sockwatch::connect::testing
