// Every outcome, and the facts that decide between neighbours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct Outcomes : ::testing::Test {
  Story story;
  void begin() { story.connect(kFd, "10.0.0.1", 80).in_progress(); }
  std::string after_so_error(int error) {
    begin();
    story.pass(2);
    story.so_error(kFd, error, closed_by_reset());
    return story.row().outcome;
  }
};

struct ErrnoCase {
  int error;
  const char* later;    // read through SO_ERROR
  const char* at_once;  // from the non-blocking connect itself
};
struct ByErrno : ::testing::TestWithParam<ErrnoCase> {};

TEST_P(ByErrno, ReadLater) {
  Story story;
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.so_error(kFd, GetParam().error, closed_by_reset());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, GetParam().later);
  EXPECT_EQ(row.error, GetParam().error);
  EXPECT_EQ(row.ending, std::nullopt);
}

TEST_P(ByErrno, AtOnce) {
  Story story;
  story.connect(kFd, "10.0.0.1", 80).fails(GetParam().error, wiped());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, GetParam().at_once);
  EXPECT_EQ(row.error, GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, ByErrno,
    ::testing::Values(ErrnoCase{ECONNREFUSED, "refused", "refused"},
                      ErrnoCase{EHOSTUNREACH, "rejected", "unreachable"},
                      ErrnoCase{ENETUNREACH, "rejected", "unreachable"},
                      ErrnoCase{EACCES, "rejected", "unreachable"},
                      ErrnoCase{ENOPROTOOPT, "rejected", "unreachable"},
                      ErrnoCase{ETIMEDOUT, "timed_out_kernel", "timed_out_kernel"},
                      ErrnoCase{ECONNRESET, "reset", "reset"},
                      ErrnoCase{EADDRNOTAVAIL, "local_error", "local_error"},
                      ErrnoCase{EADDRINUSE, "local_error", "local_error"},
                      ErrnoCase{EPERM, "local_error", "local_error"},
                      ErrnoCase{EINVAL, "local_error", "local_error"},  // blackhole route
                      ErrnoCase{EAGAIN, "local_error", "local_error"},
                      ErrnoCase{EPROTO, "failed", "failed"}));

TEST_F(Outcomes, BlockingRejectedNeedsAPacketThatWentOut) {
  story.connect(kFd, "10.0.0.1", 80)
      .blocking()
      .took(3050)  // no neighbour answered
      .local("0.0.0.0", 40514)
      .fails(EHOSTUNREACH, wiped(3));
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "rejected");
  EXPECT_EQ(row.syn_retransmits, 3);  // the only counter that survives
  EXPECT_EQ(row.segs_out, std::nullopt);
  EXPECT_EQ(row.segs_in, std::nullopt);
  EXPECT_EQ(row.local_address, std::nullopt);
  EXPECT_EQ(row.local_port, 40514);
}

TEST_F(Outcomes, BlockingUnreachableWasNeverSent) {
  story.connect(kFd, "10.0.0.1", 80).blocking().local("0.0.0.0", 0).fails(ENETUNREACH, wiped());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "unreachable");
  EXPECT_EQ(row.segs_out, 0);
  EXPECT_EQ(row.local_port, std::nullopt);
}

TEST_F(Outcomes, BlockingUnreachableSlowlyIsStillUnreachable) {  // the thread was not running
  story.connect(kFd, "10.0.0.1", 80)
      .blocking()
      .took(20)
      .local("0.0.0.0", 0)
      .fails(ENETUNREACH, wiped());
  EXPECT_EQ(story.row().outcome, "unreachable");
}

TEST_F(Outcomes, BlockingUnreachableWithAPortOfTheProgramsOwn) {
  story.connect(kFd, "10.0.0.1", 80)
      .blocking()
      .local("0.0.0.0", 5000)
      .fails(ENETUNREACH, wiped());  // 20 us: nobody can have answered
  EXPECT_EQ(story.row().outcome, "unreachable");
}

TEST_F(Outcomes, BlockingWithoutAPortGoesByTime) {
  story.connect(kFd, "10.0.0.1", 80).blocking().fails(EHOSTUNREACH, wiped());
  EXPECT_EQ(story.row(1).outcome, "unreachable");
  story.connect(4, "10.0.0.1", 80).blocking().took(2).fails(EHOSTUNREACH, wiped());
  EXPECT_EQ(story.row(2).outcome, "rejected");
}

TEST_F(Outcomes, BlockingRefusedDoesNotClaimThatNothingCameBack) {
  story.connect(kFd, "10.0.0.1", 80).blocking().local("0.0.0.0", 4000).fails(ECONNREFUSED, wiped());
  EXPECT_EQ(story.row().outcome, "refused");
  EXPECT_EQ(story.row().segs_in, std::nullopt);
}

TEST_F(Outcomes, TimedOutByTheKernel) {
  story.connect(kFd, "10.0.0.1", 80).blocking().took(130'700).fails(ETIMEDOUT, wiped(6));
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_kernel");
  EXPECT_EQ(row.budget_source, "kernel");
  EXPECT_EQ(row.budget_ns, 130'700 * kMs);
  EXPECT_EQ(row.syn_retransmits, 6);
}

TEST_F(Outcomes, TimedOutByUserTimeout) {
  begin();
  story.set_user_timeout(kFd, 2500);  // the library tells it behind the connect
  story.poll(kFd, 10'000).ready(POLLERR | POLLHUP | POLLOUT, 2530);
  story.so_error(kFd, ETIMEDOUT, picture(TCP_CLOSE));
  EXPECT_EQ(story.row().outcome, "timed_out_kernel");
  EXPECT_EQ(story.row().budget_source, "TCP_USER_TIMEOUT");
  EXPECT_EQ(story.row().budget_ns, 2500 * kMs);
}

TEST_F(Outcomes, UserTimeoutThatCannotHaveRunOut) {
  begin();
  story.set_user_timeout(kFd, 60'000);
  story.pass(3070);
  story.so_error(kFd, ETIMEDOUT, picture(TCP_CLOSE));
  EXPECT_EQ(story.row().budget_source, "kernel");
}

TEST_F(Outcomes, TimedOutByTheCaller) {
  begin();
  story.poll(kFd, 2000).expires();
  story.close(kFd, syn_sent(1));
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_caller");
  EXPECT_EQ(row.budget_source, "poll");
  EXPECT_EQ(row.budget_ns, 2000 * kMs);
  EXPECT_EQ(row.expired_waits, 1);
  EXPECT_EQ(row.tcp_state, 2);
  EXPECT_EQ(row.syn_retransmits, 1);
  EXPECT_EQ(row.segs_in, 0);
  EXPECT_EQ(row.segs_out, 2);
  EXPECT_EQ(row.error, std::nullopt);
  EXPECT_EQ(row.closed_ns, story.now());
  EXPECT_EQ(row.decided_ns, story.now());
  EXPECT_EQ(row.ending, std::nullopt);
  ASSERT_EQ(story.waits().size(), 1u);
  EXPECT_EQ(story.waits()[0].connection_id, row.id);
  EXPECT_EQ(story.waits()[0].call, "poll");
  EXPECT_EQ(story.waits()[0].timeout_ns, 2000 * kMs);
}

TEST_F(Outcomes, EstablishedTooLateIsStillTheCallersTimeOut) {
  begin();
  story.poll(kFd, 1000).expires();
  story.close(kFd, established(1));
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().tcp_state, 1);
}

TEST_F(Outcomes, CancelledWithoutAnyWait) {
  begin();
  story.pass(20);
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "cancelled");
  EXPECT_EQ(story.row().budget_ns, std::nullopt);
}

TEST_F(Outcomes, CancelledThoughItWaitedForOthers) {
  begin();
  story.poll(kFd, 1000).returns_others(10);
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "cancelled");
  EXPECT_EQ(story.row().waits, 1);
}

TEST_F(Outcomes, AbandonedByTheProcess) {
  begin();
  story.pass(40);
  story.process_ends();
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "abandoned");
  EXPECT_EQ(row.closed_ns, story.now());
  EXPECT_EQ(row.noticed_ns, std::nullopt);
}

TEST_F(Outcomes, AbandonedInsideConnect) {
  story.connect(kFd, "10.0.0.1", 80).blocking().never_returns();
  story.pass(500);
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "abandoned");
}

// Its end may be among the lost.
TEST_F(Outcomes, PendingWhereEventsWereLost) {
  begin();
  story.pass(40);
  story.loses_events();
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "pending");
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
}

// Nothing is known of its end, but of what was seen.
TEST_F(Outcomes, PendingOneHasTheWaitsThatWereSeen) {
  begin();
  story.poll(kFd, 500).returns_others();
  story.poll(kFd, 500).expires();
  EXPECT_EQ(story.row().waits, 2);
  EXPECT_EQ(story.row().expired_waits, 1);
  story.loses_events();
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "pending");
  EXPECT_EQ(story.row().waits, 2);
  EXPECT_EQ(story.row().expired_waits, 1);
}

TEST_F(Outcomes, OpenWhereEventsWereLost) {
  begin();
  story.so_error(kFd, 0, established());
  story.send(kFd, 100);
  story.loses_events();
  story.process_ends();
  EXPECT_EQ(story.row().ending, "open");
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
  EXPECT_EQ(story.row().bytes_sent, std::nullopt);
}

TEST_F(Outcomes, WhatWasLostBeforeItBeganIsNotItsOwn) {
  story.loses_events();
  story.pass(1);
  begin();
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "abandoned");
}

// A wait ran out, and the program left with it.
TEST_F(Outcomes, AbandonedWithItsOnlyWait) {
  begin();
  story.poll(kFd, 500).expires();
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "abandoned");
  EXPECT_EQ(story.row().expired_waits, 1);
  EXPECT_EQ(story.row().budget_ns, 500 * kMs);
  EXPECT_EQ(story.row().budget_source, "poll");
}

// What ran out may have been one tick of a loop.
TEST_F(Outcomes, AbandonedInALoopClaimsNoBudget) {
  begin();
  for (int i = 0; i < 2; ++i) story.poll(kFd, 500).expires();
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "abandoned");
  EXPECT_EQ(story.row().expired_waits, 2);
  EXPECT_EQ(story.row().budget_ns, std::nullopt);
}

TEST_F(Outcomes, AbandonedSomeTimeAfterItHadNoRoomToSend) {
  begin();
  const auto began = story.now();
  for (int i = 0; i < 2; ++i) story.poll(kFd, 1000).expires();
  story.pass(700);
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "abandoned");
  EXPECT_EQ(story.row().waited_out_ns, story.now() - 700 * kMs);
  EXPECT_GE(*story.row().waited_out_ns, began + 2000 * kMs);
}

TEST_F(Outcomes, OnlyOfAbandonedOnes) {
  begin();
  story.poll(kFd, 1000).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().waited_out_ns, std::nullopt);
}

TEST_F(Outcomes, AbandonedClaimsNoBudget) {
  begin();
  story.poll(kFd, 500).expires();
  story.pass(100);
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "abandoned");
  EXPECT_EQ(story.row().budget_ns, std::nullopt);
  EXPECT_EQ(story.row().budget_source, std::nullopt);
}

TEST_F(Outcomes, JumpedOutOfConnectByASignal) {  // wget: SIGALRM and longjmp
  story.connect(kFd, "10.0.0.1", 80).blocking().never_returns();
  story.pass(900);
  story.close(kFd, syn_sent());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_caller");
  EXPECT_EQ(row.budget_source, "signal");
  EXPECT_EQ(*row.budget_ns, story.now() - row.started_ns);
}

TEST_F(Outcomes, ClosedByAnotherThreadDuringConnect) {
  story.connect(kFd, "10.0.0.1", 80).blocking().never_returns();
  story.pass(50);
  story.thread = 101;
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "cancelled");
  // The call it was taken from returns late; the number is somebody else's by then.
  story.connect(kFd, "10.0.0.2", 81).in_progress();
  Observation late = story.call(wire::Op::connect, kFd);
  late.tid = 100;
  late.result = -1;
  late.error = ECONNABORTED;
  late.peer = Address{"ipv4", "10.0.0.1", 80};
  late.payload.endpoint = {1, AF_INET, SOCK_STREAM, IPPROTO_TCP, 0};
  story.say(late);
  EXPECT_EQ(story.row_count(), 2u);
  EXPECT_EQ(story.row(2).outcome, "pending");
}

TEST_F(Outcomes, AHandlerOnTopOfConnectIsNoJump) {
  story.connect(kFd, "10.0.0.1", 80).blocking().never_returns();
  story.so_error(kFd, 0, syn_sent());  // a handler looks, and returns
  story.connect(kFd, "10.0.0.1", 80).blocking(false).took(50).succeeds();
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().expired_waits, 0);
}

TEST_F(Outcomes, RefusedUnreadIsToldByTheReset) {
  begin();
  story.close(kFd, closed_by_reset());
  EXPECT_EQ(story.row().outcome, "refused");
}

TEST_F(Outcomes, ConnectedAndResetBeforeAnybodyLooked) {
  begin();
  auto tcp = closed_by_reset();
  tcp.rtt_us = 200;
  story.close(kFd, tcp);
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().ending, "closed");
  EXPECT_EQ(story.row().close_tcp_state, TCP_CLOSE);
}

TEST_F(Outcomes, OutOfDescriptors) {
  story.socket_fails(EMFILE);
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "local_error");
  EXPECT_EQ(row.error, EMFILE);
  EXPECT_EQ(row.fd, -1);
  EXPECT_EQ(row.protocol, "tcp");
}

TEST_F(Outcomes, AskingForAFamilyIsNoFailure) {
  story.socket_fails(EAFNOSUPPORT, AF_INET6);
  EXPECT_EQ(story.row_count(), 0u);
}

TEST_F(Outcomes, UnixQueueFull) {
  story.connect_unix(kFd, "/run/x.sock").fails(EAGAIN);
  EXPECT_EQ(story.row(1).outcome, "local_error");
  EXPECT_EQ(story.row(1).family, "unix");
  EXPECT_EQ(story.row(1).peer_address, "/run/x.sock");
  EXPECT_EQ(story.row(1).peer_port, std::nullopt);
  story.set_timeout(4, SO_SNDTIMEO, 1000);
  story.connect_unix(4, "/run/x.sock").blocking().took(1004).fails(EAGAIN);
  EXPECT_EQ(story.row(2).outcome, "timed_out_caller");
  EXPECT_EQ(story.row(2).budget_source, "SO_SNDTIMEO");
  EXPECT_EQ(story.row(2).budget_ns, 1000 * kMs);
}

TEST_F(Outcomes, UnixGone) {
  story.connect_unix(kFd, "/run/x.sock").blocking().fails(ENOENT);
  EXPECT_EQ(story.row(1).outcome, "local_error");
  story.connect_unix(4, "/run/x.sock").blocking().fails(ECONNREFUSED);
  EXPECT_EQ(story.row(2).outcome, "refused");
  story.connect_unix(5, "/run/x.sock").blocking().fails(EACCES);
  EXPECT_EQ(story.row(3).outcome, "local_error");
}

TEST_F(Outcomes, UdpConnectsAtOnceAndIsRefusedLater) {
  story.connect(kFd, "10.0.0.1", 53).udp().succeeds();
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().protocol, "udp");
  story.send(kFd, 30);
  story.receive_fails(kFd, ECONNREFUSED);
  story.close(kFd);
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "connected");
  EXPECT_EQ(row.ending, "reset");
  EXPECT_EQ(row.error, ECONNREFUSED);
  EXPECT_EQ(row.bytes_sent, std::nullopt);
}

TEST_F(Outcomes, UdpWithoutARoute) {
  story.connect(kFd, "10.0.0.1", 53).udp().blocking().took(2).fails(ENETUNREACH);
  EXPECT_EQ(story.row().outcome, "unreachable");  // a datagram connect asks nobody
}

TEST_F(Outcomes, SoftErrorIsRejectedThoughTheKernelGoesOn) {
  EXPECT_EQ(after_so_error(EHOSTUNREACH), "rejected");
}

TEST_F(Outcomes, SoftErrorStaysAfterTheClose) {
  begin();
  story.so_error(kFd, ECONNREFUSED, syn_sent());
  story.close(kFd, syn_sent(1));
  EXPECT_EQ(story.row().outcome, "refused");
  EXPECT_EQ(story.row().closed_ns, story.now());
}

TEST_F(Outcomes, ConnectPointerNobodyCanRead) {
  Observation o = story.call(wire::Op::connect, kFd);
  o.result = -1;
  o.error = EFAULT;
  story.say(o);
  EXPECT_EQ(story.row().outcome, "local_error");
  EXPECT_EQ(story.row().peer_address, std::nullopt);
}

}  // namespace
}  // namespace sockwatch::connect::testing
