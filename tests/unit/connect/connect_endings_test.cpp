// How the connect phase of a socket ends, way by way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct ConnectEndings : ::testing::Test {
  Story story;
  void begin() { story.connect(kFd, "10.0.0.1", 80).in_progress(); }
};

TEST_F(ConnectEndings, StartsPending) {
  begin();
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "pending");
  EXPECT_EQ(row.ending, std::nullopt);
  EXPECT_EQ(row.family, "ipv4");
  EXPECT_EQ(row.protocol, "tcp");
  EXPECT_EQ(row.peer_address, "10.0.0.1");
  EXPECT_EQ(row.peer_port, 80);
  EXPECT_EQ(row.blocking, false);
  EXPECT_EQ(row.decided_ns, std::nullopt);
}

TEST_F(ConnectEndings, PollThenSoErrorZero) {
  begin();
  story.poll(kFd, 2000).ready(POLLOUT, 5);
  const auto ready = story.now();
  story.pass(7);
  story.so_error(kFd, 0, established(2));
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "connected");
  EXPECT_EQ(row.ending, "open");
  EXPECT_EQ(row.decided_ns, ready);
  EXPECT_EQ(row.noticed_ns, story.now());
  EXPECT_EQ(row.tcp_state, 1);
  EXPECT_EQ(row.syn_retransmits, 2);
  EXPECT_EQ(row.rtt_us, 300);
  EXPECT_EQ(row.retransmits, 0);
  EXPECT_EQ(row.waits, 1);
  EXPECT_EQ(row.expired_waits, 0);
  EXPECT_EQ(row.budget_ns, 2000 * kMs);  // the only wait there was
  EXPECT_EQ(row.budget_source, "poll");
}

TEST_F(ConnectEndings, SoErrorZeroInSynSentEndsNothing) {
  begin();
  story.so_error(kFd, 0, syn_sent());
  EXPECT_EQ(story.row().outcome, "pending");
  story.so_error(kFd, 0, established());
  EXPECT_EQ(story.row().outcome, "connected");
}

TEST_F(ConnectEndings, SoErrorZeroWithoutPictureNeedsAWritablePoll) {
  begin();
  story.so_error(kFd, 0);
  EXPECT_EQ(story.row().outcome, "pending");
  story.poll(kFd, 100).ready(POLLOUT);
  story.so_error(kFd, 0);
  EXPECT_EQ(story.row().outcome, "connected");
}

TEST_F(ConnectEndings, SoErrorBeforeConnectIsNothing) {
  story.set_timeout(kFd, SO_RCVTIMEO, 50);  // the descriptor is known, its connect is not
  story.so_error(kFd, 0, picture(TCP_CLOSE));
  EXPECT_EQ(story.row_count(), 0u);
  EXPECT_EQ(story.tracker().orphan_events(), 0u);
}

TEST_F(ConnectEndings, SecondConnectReturnsZero) {
  begin();
  story.poll(kFd, -1).ready(POLLOUT);
  const auto ready = story.now();
  story.connect(kFd, "10.0.0.1", 80).succeeds();
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "connected");
  EXPECT_EQ(row.decided_ns, ready);
}

TEST_F(ConnectEndings, SecondConnectSaysIsConnected) {
  begin();
  story.connect(kFd, "10.0.0.1", 80).fails(EISCONN, established());
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().error, std::nullopt);
}

TEST_F(ConnectEndings, SecondConnectStillGoing) {
  begin();
  story.connect(kFd, "10.0.0.1", 80).fails(EALREADY);
  EXPECT_EQ(story.row().outcome, "pending");
}

TEST_F(ConnectEndings, SecondConnectBringsTheError) {
  begin();
  story.pass(30);
  story.connect(kFd, "10.0.0.1", 80).fails(EHOSTUNREACH, closed_by_reset());
  EXPECT_EQ(story.row().outcome, "rejected");  // not at once: it was under way
}

TEST_F(ConnectEndings, FirstSendSucceeds) {
  begin();
  story.send(kFd, 10, wire::kTurnStart | wire::kTlsRecord, established());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "connected");
  EXPECT_EQ(row.noticed_ns, story.now());
  EXPECT_EQ(row.first_send_ns, story.now());
  EXPECT_EQ(row.tls, true);
}

TEST_F(ConnectEndings, FirstReceiveSucceeds) {
  begin();
  story.receive(kFd, 10, wire::kFirstByte, established());
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().first_receive_ns, story.now());
}

TEST_F(ConnectEndings, SendAndReceiveThatMustWaitSayNothing) {
  begin();
  story.send_fails(kFd, EAGAIN);
  story.receive_fails(kFd, EAGAIN);
  story.receive_fails(kFd, EINTR);
  story.send_fails(kFd, EFAULT);
  EXPECT_EQ(story.row().outcome, "pending");
}

TEST_F(ConnectEndings, SendFails) {
  begin();
  story.send_fails(kFd, ECONNREFUSED, closed_by_reset());
  EXPECT_EQ(story.row().outcome, "refused");
  EXPECT_EQ(story.row().segs_in, 1);
}

TEST_F(ConnectEndings, EndOfFileAfterAnErrorSomebodyElseReadProvesNothing) {
  begin();
  story.end_of_file(kFd, picture(TCP_CLOSE));
  EXPECT_EQ(story.row().outcome, "pending");
}

TEST_F(ConnectEndings, Getpeername) {
  begin();
  story.getpeername(kFd, established());
  EXPECT_EQ(story.row().outcome, "connected");
}

TEST_F(ConnectEndings, FailedGetpeernameSaysNothing) {
  begin();
  Observation o = story.call(wire::Op::getpeername, kFd);
  o.result = -1;
  o.error = ENOTCONN;
  story.say(o);
  EXPECT_EQ(story.row().outcome, "pending");
}

TEST_F(ConnectEndings, EpollReadinessIsTheLastReturnOnTheNoticingThread) {
  story.epoll_ctl(9, EPOLL_CTL_ADD, kFd);
  begin();
  story.epoll(9, -1).returns_others(3);
  const auto ready = story.now();
  story.pass(4);
  story.epoll(9, -1).by(200).returns_others(2);  // another thread's
  story.so_error(kFd, 0, established());
  EXPECT_EQ(story.row().decided_ns, ready);
  EXPECT_EQ(story.row().waits, 2);
}

TEST_F(ConnectEndings, CloseOfAWritableSocketThatWasNeverAsked) {  // Rust's standard library
  begin();
  story.poll(kFd, 1000).ready(POLLOUT);
  const auto ready = story.now();
  story.pass(50);
  story.close(kFd, established());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "connected");
  EXPECT_EQ(row.decided_ns, ready);
  EXPECT_EQ(row.noticed_ns, ready);
  EXPECT_EQ(row.ending, "closed");
}

TEST_F(ConnectEndings, WritableFromSelectIsNoProof) {  // an error sets both bits, too
  begin();
  story.poll(kFd, 1000, wire::Op::select).ready(POLLOUT | POLLIN);
  story.close(kFd, closed_by_reset());
  EXPECT_EQ(story.row().outcome, "refused");
  EXPECT_EQ(story.row().error, std::nullopt);  // nobody read it
}

TEST_F(ConnectEndings, CloseAfterPollSaidErrorAndNobodyAskedWhich) {
  begin();
  story.poll(kFd, 1000).ready(POLLERR | POLLHUP);
  auto unanswered = picture(TCP_CLOSE);
  unanswered.segs_out = 1;
  story.close(kFd, unanswered);
  EXPECT_EQ(story.row().outcome, "failed");
}

TEST_F(ConnectEndings, CloseWhileEstablishedUnnoticed) {
  begin();
  story.close(kFd, established());
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().noticed_ns, std::nullopt);
}

TEST_F(ConnectEndings, ShutdownInSynSentGivesUp) {  // Java: shutdown, then close
  begin();
  story.poll(kFd, 2000).expires();
  story.shutdown(kFd, SHUT_RDWR, syn_sent(1));
  const auto gave_up = story.now();
  story.pass(10);
  story.close(kFd, wiped(1));
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_caller");
  EXPECT_EQ(row.decided_ns, gave_up);
  EXPECT_EQ(row.closed_ns, story.now());
  EXPECT_EQ(row.tcp_state, 2);
  EXPECT_EQ(row.segs_in, 0);
  EXPECT_EQ(row.segs_out, 2);
}

TEST_F(ConnectEndings, ShutdownSeenOnlyByItsTraces) {
  begin();
  story.shutdown(kFd, SHUT_RDWR);
  story.close(kFd, wiped(2));
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "cancelled");
  EXPECT_EQ(row.syn_retransmits, 2);
  EXPECT_EQ(row.segs_out, std::nullopt);  // taken apart: 0 would be a lie
}

TEST_F(ConnectEndings, FastOpenConnectsWithTheFirstAnswer) {
  auto promise = picture(TCP_CLOSE);
  story.connect(kFd, "10.0.0.1", 80).blocking().succeeds(promise);
  EXPECT_EQ(story.row().outcome, "pending");
  EXPECT_EQ(story.row().fast_open, true);
  story.pass(700);
  story.send(kFd, 100);
  EXPECT_EQ(story.row().outcome, "pending");
  EXPECT_EQ(story.row().started_ns, story.row().first_send_ns);
  story.receive(kFd, 50, wire::kFirstByte, talked(100, 50));
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().turns, 1);
}

struct FastOpenBySend : ConnectEndings {
  void opens(std::int64_t result, int error, const Tcp& tcp) {
    Observation o = story.call(wire::Op::connect, kFd);
    o.peer = Address{"ipv4", "10.0.0.1", 80};
    o.payload.endpoint = {story.cookie_of(kFd), AF_INET, SOCK_STREAM, IPPROTO_TCP, 0};
    o.detail = wire::kFastOpen;
    o.result = result;
    o.error = error;
    o.tcp = tcp;
    story.say(o);
    if (result == 0) story.send(kFd, 100);
  }
};

TEST_F(FastOpenBySend, BytesInTheSynAreNoProof) {
  opens(0, 0, syn_sent());
  EXPECT_EQ(story.row().outcome, "pending");
  EXPECT_EQ(story.row().fast_open, true);
  story.receive(kFd, 50, wire::kFirstByte, talked(100, 50));
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().turns, 1);
}

TEST_F(FastOpenBySend, DroppedSyn) {
  opens(0, 0, syn_sent());
  story.poll(kFd, 1500).expires();
  story.close(kFd, syn_sent(1));
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().syn_retransmits, 1);
  EXPECT_EQ(story.row().budget_source, "poll");
}

TEST_F(FastOpenBySend, WithoutACookieTheCallConnects) {
  opens(0, 0, established());
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().fast_open, true);
}

TEST_F(FastOpenBySend, RefusedByTheCall) {
  opens(-1, ECONNREFUSED, closed_by_reset());
  EXPECT_EQ(story.row().outcome, "refused");
}

TEST_F(FastOpenBySend, RefusedLater) {
  opens(0, 0, syn_sent());
  story.receive_fails(kFd, ECONNREFUSED, closed_by_reset());
  EXPECT_EQ(story.row().outcome, "refused");
}

TEST_F(ConnectEndings, SoftErrorThenSuccess) {
  begin();
  story.poll(kFd, 1000).ready(POLLERR);
  story.so_error(kFd, EHOSTUNREACH, syn_sent());
  EXPECT_EQ(story.row().outcome, "rejected");
  EXPECT_EQ(story.row().tcp_state, 2);
  story.connect(kFd, "10.0.0.1", 80).fails(EALREADY);
  EXPECT_EQ(story.row().outcome, "pending");
  EXPECT_EQ(story.row().error, std::nullopt);
  story.connect(kFd, "10.0.0.1", 80).succeeds();
  EXPECT_EQ(story.row().outcome, "connected");
}

TEST_F(ConnectEndings, BlockingConnect) {
  story.connect(kFd, "10.0.0.1", 80).blocking().took(4).local("10.0.0.9", 40000).succeeds();
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "connected");
  EXPECT_EQ(row.blocking, true);
  EXPECT_EQ(*row.noticed_ns - row.started_ns, 4 * kMs);
  EXPECT_EQ(row.decided_ns, row.noticed_ns);
  EXPECT_EQ(row.local_address, "10.0.0.9");
  EXPECT_EQ(row.local_port, 40000);
}

TEST_F(ConnectEndings, BlockingConnectIsPendingWhileItRuns) {
  story.connect(kFd, "10.0.0.1", 80).blocking().never_returns();
  EXPECT_EQ(story.row().outcome, "pending");
}

TEST_F(ConnectEndings, BlockingConnectWhoseBeginWasLost) {
  story.connect(kFd, "10.0.0.1", 80).blocking(false).took(4).succeeds();
  EXPECT_EQ(*story.row().noticed_ns - story.row().started_ns, 4 * kMs);
}

TEST_F(ConnectEndings, InterruptedConnectGoesOn) {
  story.connect(kFd, "10.0.0.1", 80).blocking().took(100).fails(EINTR);
  EXPECT_EQ(story.row().outcome, "pending");
  story.poll(kFd, 1000).ready(POLLOUT);
  story.so_error(kFd, 0, established());
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().error, std::nullopt);
}

TEST_F(ConnectEndings, InterruptedConnectThenClosed) {
  story.connect(kFd, "10.0.0.1", 80).blocking().took(100).fails(EINTR);
  story.close(kFd, syn_sent());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "cancelled");  // no wait ran its time
  EXPECT_EQ(row.error, EINTR);
  EXPECT_EQ(row.budget_source, "signal");
  EXPECT_EQ(row.budget_ns, 100 * kMs);
}

}  // namespace
}  // namespace sockwatch::connect::testing
