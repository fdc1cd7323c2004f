// Pauses of a connection that is used again, and the state it was found in.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct Pausing : ::testing::Test {
  Story story;
  void SetUp() override {
    story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
    story.send(kFd, 100);
    story.receive(kFd, 50, wire::kFirstByte);
  }
};

TEST_F(Pausing, NoByteBeforeTheFirstSend) {
  EXPECT_EQ(story.row().idle_ns, std::nullopt);
  EXPECT_EQ(story.row().idle_answered_ns, std::nullopt);
  EXPECT_EQ(story.row().send_tcp_state, std::nullopt);
}

TEST_F(Pausing, TheNewestPauseAndTheLongestThatWasAnswered) {
  for (const std::int64_t idle_ms : {2, 9000, 40}) {
    story.send_after(kFd, {idle_ms * kMs});
    story.receive(kFd, 10);
  }
  story.send_after(kFd, {70'000 * kMs, TCP_ESTABLISHED});
  EXPECT_EQ(story.row().idle_ns, 70'000 * kMs);
  EXPECT_EQ(story.row().idle_answered_ns, 9000 * kMs);
  EXPECT_EQ(story.row().send_tcp_state, TCP_ESTABLISHED);
}

TEST_F(Pausing, StateBelongsToTheNewestSend) {
  story.send_after(kFd, {2000 * kMs, TCP_ESTABLISHED});
  story.receive(kFd, 10);
  story.send_after(kFd, {3 * kMs});
  EXPECT_EQ(story.row().send_tcp_state, std::nullopt);
}

TEST_F(Pausing, TheNewestTurnAndItsReply) {
  const auto first = story.row();
  EXPECT_EQ(first.asked_ns, first.first_send_ns);
  EXPECT_EQ(first.answered_ns, first.first_receive_ns);
  story.pass(70);
  story.send_after(kFd, {70 * kMs});
  EXPECT_GE(*story.row().asked_ns, *first.answered_ns + 70 * kMs);
  EXPECT_EQ(story.row().answered_ns, std::nullopt);
  story.pass(30);
  story.receive(kFd, 10, wire::kFirstByte);
  EXPECT_GE(*story.row().answered_ns, *story.row().asked_ns + 30 * kMs);
}

TEST_F(Pausing, AFailedSendTellsItsPause) {
  story.send_after(kFd, {2000 * kMs, TCP_CLOSE_WAIT}, EPIPE, closed_by_reset());
  const auto row = story.row();
  EXPECT_EQ(row.idle_ns, 2000 * kMs);
  EXPECT_EQ(row.send_tcp_state, TCP_CLOSE_WAIT);
  EXPECT_EQ(row.idle_answered_ns, std::nullopt);
  EXPECT_EQ(row.error, EPIPE);
  EXPECT_EQ(row.close_tcp_state, TCP_CLOSE);
}

TEST_F(Pausing, AResetAfterTheSendKeepsThePause) {
  story.send_after(kFd, {2000 * kMs, TCP_ESTABLISHED});
  story.receive_fails(kFd, ECONNRESET, closed_by_reset());
  story.close(kFd, closed_by_reset());
  const auto row = story.row();
  EXPECT_EQ(row.idle_ns, 2000 * kMs);
  EXPECT_EQ(row.error, ECONNRESET);
  EXPECT_EQ(row.ending, "reset");
}

TEST_F(Pausing, ASendThatMayBeTriedAgainIsNone) {
  story.send_after(kFd, {2000 * kMs, TCP_ESTABLISHED}, EAGAIN);
  story.send_after(kFd, {2000 * kMs, TCP_ESTABLISHED}, EINTR);
  EXPECT_EQ(story.row().idle_ns, std::nullopt);
}

TEST_F(Pausing, WhatWasUnderWayBeforeThePeerClosedAnswersNothing) {
  story.send_after(kFd, {2000 * kMs, TCP_CLOSE_WAIT});
  story.receive(kFd, 10);
  EXPECT_EQ(story.row().turns, 2);
  EXPECT_EQ(story.row().idle_answered_ns, std::nullopt);
}

TEST_F(Pausing, AnAnswerReceivedBeforeTheSendReturnedCounts) {
  Observation send = story.call(wire::Op::send, kFd);
  send.flags = wire::kHasStart;
  send.result = 100;
  send.detail = wire::kTurnStart;
  send.duration_ns = 10 * kMs;
  send.payload.transfer.idle_ns = 5000 * kMs;
  story.pass(2);
  story.thread = 101;
  story.receive(kFd, 10);
  send.t_ns += send.duration_ns;
  story.pass(20);
  story.apply(send);
  EXPECT_EQ(story.row().turns, 2);
  EXPECT_EQ(story.row().idle_answered_ns, 5000 * kMs);
}

TEST_F(Pausing, APauseLongerThanTheMachineRunsIsNotBelieved) {
  story.send_after(kFd, {story.now() * 2});
  EXPECT_EQ(story.row().idle_ns, std::nullopt);
}

TEST(Interrupted, IsToldEvenIfItConnectsAfterAll) {
  Story story;
  story.connect(kFd, "10.0.0.1", 80).blocking().fails(EINTR, syn_sent());
  EXPECT_EQ(story.row().interrupted, true);
  story.so_error(kFd, 0, established());
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().interrupted, true);
}

TEST(Interrupted, IsNotByDefault) {
  Story story;
  story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  EXPECT_EQ(story.row().interrupted, false);
}

// The kernel's two clocks stand at 0 until the handshake sets them: it then tells its own uptime.
TEST(Picture, HasNoLastAcknowledgementBeforeTheHandshake) {
  Story story;
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  auto waiting = syn_sent(1);
  waiting.last_ack_recv_ms = 1'979'960;
  waiting.last_data_recv_ms = 1'979'960;
  story.poll(kFd, 100).expires();
  story.close(kFd, waiting);
  EXPECT_EQ(story.row().close_last_ack_ms, std::nullopt);
  EXPECT_EQ(story.row().close_last_receive_ms, std::nullopt);
  EXPECT_EQ(story.row().close_tcp_state, TCP_SYN_SENT);

  Story other;
  other.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  auto up = established();
  up.last_ack_recv_ms = 7;
  up.last_data_recv_ms = 9;
  other.close(kFd, up);
  EXPECT_EQ(other.row().close_last_ack_ms, 7);
  EXPECT_EQ(other.row().close_last_receive_ms, 9);
}

// What the kernel shows of a socket it has taken apart belongs to none: fresh counters, the
// time-out and segment size of an unused socket.
TEST(Wiped, SaysNothingAboutTheConnection) {
  Story story;
  auto junk = wiped(3);
  junk.rto_us = 1'000'000;
  junk.snd_mss = 536;
  junk.pmtu = 1500;
  story.connect(kFd, "10.0.0.1", 80).blocking().took(7000).fails(ETIMEDOUT, junk);
  const auto row = story.row();
  EXPECT_EQ(row.tcp_state, TCP_CLOSE);
  EXPECT_EQ(row.syn_retransmits, 3);
  EXPECT_EQ(row.segs_in, std::nullopt);
  EXPECT_EQ(row.rto_us, std::nullopt);
  for (const store::OptInt& column :
       {row.close_tcp_state, row.close_rtt_us, row.close_rto_us, row.close_unacked, row.close_lost,
        row.close_backoff, row.close_probes, row.close_bytes_acked, row.close_data_segs_in,
        row.close_notsent_bytes, row.close_delivered, row.close_snd_mss, row.close_pmtu,
        row.close_last_ack_ms, row.close_last_receive_ms}) {
    EXPECT_EQ(column, std::nullopt);
  }
}

}  // namespace
}  // namespace sockwatch::connect::testing
