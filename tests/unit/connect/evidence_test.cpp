// What a picture of TCP says about payload. The numbers are those of real sockets (Linux 6.18).
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct Counting : ::testing::Test {
  Story story;
  wire::TcpPicture tcp = talked(100, 0);  // one segment of 100 bytes, acknowledged

  void SetUp() override {
    story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
    story.send(kFd, 100);
    tcp.data_segs_out = 1;
    tcp.delivered = 2;  // with the SYN
  }
  store::OptInt bytes_sent() {
    story.close(kFd, tcp);
    return story.row().bytes_sent;
  }
};

TEST_F(Counting, AcknowledgedAndWaiting) {
  tcp.notsent_bytes = 40;
  EXPECT_EQ(bytes_sent(), 140);
}

// A filter on this host drops the second message: the kernel tries it again and again, and counts
// each try as sent.
TEST_F(Counting, WhatNeverLeftThisHostCountsOnce) {
  tcp.bytes_sent = 300;
  tcp.data_segs_out = 5;
  tcp.segs_out = 7;
  tcp.notsent_bytes = 50;
  tcp.probes = 3;
  tcp.backoff = 3;
  EXPECT_EQ(bytes_sent(), 150);
  EXPECT_EQ(story.row().retransmits, 0);
}

TEST_F(Counting, OnItsWay) {
  tcp.bytes_sent = 200;
  tcp.data_segs_out = 2;
  tcp.unacked = 1;
  tcp.notsent_bytes = 50;
  EXPECT_EQ(bytes_sent(), 250);
}

TEST_F(Counting, OnItsWayAndTriedInVain) {
  tcp.bytes_sent = 250;
  tcp.data_segs_out = 3;
  tcp.unacked = 1;
  tcp.notsent_bytes = 50;
  EXPECT_EQ(bytes_sent(), std::nullopt);
}

TEST_F(Counting, SackedSegmentsAreDeliveredAndOnTheirWay) {
  tcp.bytes_sent = 300;
  tcp.data_segs_out = 3;
  tcp.unacked = 2;
  tcp.sacked = 1;
  tcp.delivered = 3;
  EXPECT_EQ(bytes_sent(), 300);
}

TEST_F(Counting, OwnFinOnItsWayIsNoPayload) {
  tcp.state = TCP_FIN_WAIT1;
  tcp.unacked = 1;
  EXPECT_EQ(bytes_sent(), 100);
}

TEST_F(Counting, OwnFinSentAgainIsNoPayload) {
  tcp.state = TCP_FIN_WAIT1;
  tcp.unacked = 1;
  tcp.lost = 1;
  tcp.total_retrans = 4;
  EXPECT_EQ(bytes_sent(), 100);
}

TEST_F(Counting, OwnFinAcknowledgedIsNoPayload) {
  tcp.state = TCP_FIN_WAIT2;
  tcp.bytes_acked = 102;
  tcp.delivered = 3;
  EXPECT_EQ(bytes_sent(), 100);
}

TEST_F(Counting, OwnFinThatWaitsIsNoPayload) {
  tcp.state = TCP_FIN_WAIT1;
  tcp.notsent_bytes = 51;
  tcp.bytes_sent = 150;  // tried once, and dropped on this host
  EXPECT_EQ(bytes_sent(), 150);
}

TEST_F(Counting, OwnFinThatWaitsBehindDataOnItsWay) {
  tcp.state = TCP_LAST_ACK;
  tcp.bytes_sent = 200;
  tcp.data_segs_out = 2;
  tcp.unacked = 1;
  tcp.notsent_bytes = 51;
  EXPECT_EQ(bytes_sent(), 250);
}

TEST_F(Counting, AResetThrowsAwayWhatWasOnItsWay) {
  tcp.state = TCP_CLOSE;
  tcp.bytes_acked = 1;
  EXPECT_EQ(bytes_sent(), 100);
}

TEST_F(Counting, ResentAndThrownAwayCannotBeTold) {
  tcp.state = TCP_CLOSE;
  tcp.bytes_acked = 1;
  tcp.bytes_sent = 300;
  tcp.total_retrans = 2;
  EXPECT_EQ(bytes_sent(), std::nullopt);
}

TEST_F(Counting, GivenUpOnWhatNeverLeftThisHost) {
  tcp.state = TCP_CLOSE;
  tcp.bytes_sent = 900;
  tcp.notsent_bytes = 50;
  tcp.probes = 15;
  EXPECT_EQ(bytes_sent(), std::nullopt);
}

// The kernel's clocks of the last acknowledgement and the last byte start with the handshake.
TEST(Clocks, NothingHeardIsNotSinceTheStartOfTheMachine) {
  auto tcp = syn_sent(1);
  tcp.last_ack_recv_ms = tcp.last_data_recv_ms = 2'282'304;
  Story waiting;
  waiting.connect(kFd, "10.0.0.1", 80).in_progress();
  waiting.poll(kFd, 2000).expires();
  waiting.close(kFd, tcp);
  EXPECT_EQ(waiting.row().segs_out, 2);
  EXPECT_EQ(waiting.row().close_last_ack_ms, std::nullopt);
  EXPECT_EQ(waiting.row().close_last_receive_ms, std::nullopt);

  auto reset = closed_by_reset();
  reset.last_ack_recv_ms = reset.last_data_recv_ms = 2'282'304;
  Story refused;
  refused.connect(kFd, "10.0.0.1", 80).in_progress();
  refused.so_error(kFd, ECONNREFUSED, reset);
  EXPECT_EQ(refused.row().close_tcp_state, TCP_CLOSE);
  EXPECT_EQ(refused.row().close_last_ack_ms, std::nullopt);
}

}  // namespace
}  // namespace sockwatch::connect::testing
