// Numbers: copies, overwriting, reuse, closes nobody saw.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct Descriptors : ::testing::Test {
  Story story;
  void connected(int fd = kFd) { story.connect(fd, "10.0.0.1", 80).blocking().succeeds(); }
  void close_with(wire::Op op, int fd, unsigned first = 0, unsigned last = 0, Tcp tcp = {}) {
    Observation o = story.call(op, fd);
    o.flags = wire::kBegin | wire::kNotReturned;
    o.payload.descriptor.first = first;
    o.payload.descriptor.last = last;
    o.tcp = tcp;
    story.say(o);
  }
};

TEST_F(Descriptors, ClosedWithItsLastNumber) {
  connected();
  story.dup(kFd, 8);
  story.close(kFd, established());
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
  story.send(8, 10);
  EXPECT_EQ(story.row().first_send_ns, story.now());
  story.close(8, established());
  EXPECT_EQ(story.row().closed_ns, story.now());
  EXPECT_EQ(story.tracker().orphan_events(), 0u);
}

TEST_F(Descriptors, FcntlCopies) {
  connected();
  Observation o = story.call(wire::Op::fcntl, kFd);
  o.result = 12;
  o.payload.descriptor.target_fd = 12;
  o.payload.descriptor.command = F_DUPFD_CLOEXEC;
  story.say(o);
  story.close(kFd, established());
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
}

TEST_F(Descriptors, OtherFcntlCopiesNothing) {
  connected();
  Observation o = story.call(wire::Op::fcntl, kFd);
  o.result = 0;
  o.payload.descriptor.command = F_SETFL;
  story.say(o);
  story.close(kFd, established());
  EXPECT_NE(story.row().closed_ns, std::nullopt);
}

TEST_F(Descriptors, Dup2OverItCloses) {  // Java closes this way
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.poll(kFd, 1000).expires();
  story.dup2(40, kFd, syn_sent(), false);
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().tcp_state, 2);
}

TEST_F(Descriptors, Dup2MovesASocket) {
  connected(3);
  connected(4);
  story.dup2(3, 4, established(), true);
  EXPECT_EQ(story.row(2).ending, "closed");
  story.close(3, established());
  EXPECT_EQ(story.row(1).closed_ns, std::nullopt);
  story.close(4, established());
  EXPECT_NE(story.row(1).closed_ns, std::nullopt);
}

TEST_F(Descriptors, Dup2OntoItselfIsNothing) {
  connected();
  story.dup2(kFd, kFd, established(), true);
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
}

TEST_F(Descriptors, FailedDup2ChangesNothing) {
  connected(3);
  connected(4);
  Observation o = story.call(wire::Op::dup2, 3);
  o.result = -1;
  o.error = EINTR;
  o.payload.descriptor.target_fd = 4;
  story.say(o);
  EXPECT_EQ(story.row(2).closed_ns, std::nullopt);
}

TEST_F(Descriptors, EveryWayToClose) {
  for (const auto op : {wire::Op::close, wire::Op::fclose}) {
    connected(3);
    close_with(op, 3, 0, 0, established());
  }
  connected(5);
  connected(6);
  connected(7);
  close_with(wire::Op::close_range, 5, 5, 5, established());
  close_with(wire::Op::closefrom, 6, 6, ~0U);
  for (int id = 1; id <= 5; ++id) EXPECT_EQ(story.row(id).ending, "closed") << id;
}

TEST_F(Descriptors, ARangeClosesWhatIsInIt) {
  for (int fd = 5; fd < 9; ++fd) connected(fd);
  close_with(wire::Op::close_range, -1, 6, 7);
  EXPECT_EQ(story.row(1).closed_ns, std::nullopt);
  EXPECT_NE(story.row(2).closed_ns, std::nullopt);
  EXPECT_NE(story.row(3).closed_ns, std::nullopt);
  EXPECT_EQ(story.row(4).closed_ns, std::nullopt);
}

TEST_F(Descriptors, TheEventAfterACloseIsNotTheNextOwners) {
  connected();
  story.close(kFd, established());
  connected();
  Observation o = story.call(wire::Op::close, kFd);
  story.say(o);
  EXPECT_EQ(story.row(2).closed_ns, std::nullopt);
}

TEST_F(Descriptors, NumbersAreReused) {
  story.set_timeout(kFd, SO_SNDTIMEO, 500);
  connected();
  story.close(kFd, established());
  connected();
  EXPECT_EQ(story.row_count(), 2u);
  EXPECT_NE(story.row(1).cookie, story.row(2).cookie);
  EXPECT_EQ(story.row(2).budget_ns, std::nullopt);  // the option went with the socket
}

TEST_F(Descriptors, MissedCloseFoundByTheCookie) {
  connected();
  story.connect(kFd, "10.0.0.2", 81).cookie(99).in_progress();
  EXPECT_EQ(story.row(1).ending, "closed");
  EXPECT_EQ(story.row(1).closed_ns, std::nullopt);  // when, nobody knows
  EXPECT_EQ(story.row(2).outcome, "pending");
}

TEST_F(Descriptors, MissedCloseWhileConnectingFoundByTheCookie) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.connect(kFd, "10.0.0.2", 81).cookie(99).in_progress();
  story.so_error(kFd, 0, established());
  EXPECT_EQ(story.row(1).outcome, "pending");
  EXPECT_EQ(story.row(2).outcome, "connected");
}

TEST_F(Descriptors, MissedCloseFoundByANewSocket) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.socket(kFd);
  EXPECT_EQ(story.row().outcome, "pending");  // how it went on was not seen
  story.pass(10);
  story.process_ends();
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
}

TEST_F(Descriptors, MissedCloseAfterAnExpiredWait) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.poll(kFd, 100).expires();
  story.socket(kFd);
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().closed_ns, std::nullopt);
}

TEST_F(Descriptors, ASecondConnectAfterAFailureIsANewAttempt) {
  story.connect(kFd, "10.0.0.1", 80).blocking().took(1).fails(ECONNREFUSED, wiped());
  story.connect(kFd, "10.0.0.2", 80).blocking().took(1).succeeds();
  EXPECT_EQ(story.row(1).outcome, "refused");
  EXPECT_EQ(story.row(2).outcome, "connected");
  EXPECT_EQ(story.row(2).peer_address, "10.0.0.2");
}

TEST_F(Descriptors, AConnectThatOnlyRepeatsTheFailureIsNone) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.so_error(kFd, ECONNREFUSED, closed_by_reset());
  story.connect(kFd, "10.0.0.1", 80).fails(ECONNABORTED, closed_by_reset());
  EXPECT_EQ(story.row_count(), 1u);
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  EXPECT_EQ(story.row_count(), 2u);
}

TEST_F(Descriptors, AConnectedSocketAskedAgain) {
  connected();
  story.connect(kFd, "10.0.0.1", 80).blocking().fails(EISCONN);
  EXPECT_EQ(story.row_count(), 1u);
  EXPECT_EQ(story.row().ending, "open");
}

TEST_F(Descriptors, UdpTurnsToSomebodyElse) {
  story.connect(kFd, "10.0.0.1", 53).udp().succeeds();
  story.connect(kFd, "10.0.0.2", 53).udp().succeeds();
  EXPECT_EQ(story.row(1).ending, "closed");
  EXPECT_NE(story.row(1).closed_ns, std::nullopt);
  EXPECT_EQ(story.row(2).peer_address, "10.0.0.2");
  EXPECT_EQ(story.row(2).ending, "open");
}

TEST_F(Descriptors, UdpThatFailsToTurnStaysWhereItWas) {
  story.connect(kFd, "10.0.0.1", 53).udp().succeeds();
  story.connect(kFd, "10.0.0.2", 53).udp().fails(ENETUNREACH);
  EXPECT_EQ(story.row(1).ending, "open");
  EXPECT_EQ(story.row(2).outcome, "unreachable");
  story.send(kFd, 5);
  EXPECT_EQ(story.row(1).first_send_ns, story.now());
}

TEST_F(Descriptors, DisconnectEndsAConnection) {
  connected();
  story.disconnect(kFd);
  EXPECT_EQ(story.row().ending, "closed");
  EXPECT_EQ(story.row().closed_ns, story.now());
  story.close(kFd, picture(TCP_CLOSE));
  EXPECT_EQ(story.row_count(), 1u);
}

TEST_F(Descriptors, DisconnectWhileConnectingCancels) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.disconnect(kFd);
  EXPECT_EQ(story.row().outcome, "cancelled");
}

TEST_F(Descriptors, DisconnectOfNothingIsNothing) {
  story.disconnect(kFd);
  EXPECT_EQ(story.row_count(), 0u);
}

TEST_F(Descriptors, UnknownNumbersAreCounted) {
  story.send(50, 10);
  story.close(50, established());
  story.so_error(50, 0, established());
  EXPECT_EQ(story.tracker().orphan_events(), 3u);
  EXPECT_EQ(story.row_count(), 0u);
}

TEST_F(Descriptors, LossesAreNoEvents) {
  Observation o = story.call(wire::Op::lost, -1);
  o.payload.lost = {17, 0, 0};
  story.say(o);
  story.say(story.call(wire::Op::none, 0));
  EXPECT_EQ(story.row_count(), 0u);
}

TEST_F(Descriptors, EveryCallWhenAskedFor) {
  Story all(Options{true});
  all.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  all.send(kFd, 10);
  all.close(kFd, established());
  ASSERT_EQ(all.calls().size(), 3u);
  EXPECT_EQ(all.calls()[0].call, "connect");
  EXPECT_EQ(all.calls()[0].connection_id, 1);
  EXPECT_EQ(all.calls()[0].duration_ns, kCall);
  EXPECT_EQ(all.calls()[1].call, "send");
  EXPECT_EQ(all.calls()[1].result, 10);
  EXPECT_EQ(all.calls()[2].call, "close");
  EXPECT_EQ(all.calls()[2].connection_id, 1);
  EXPECT_TRUE(story.calls().empty());
}

TEST_F(Descriptors, EveryWaitWhenAskedFor) {
  Story all(Options{true});
  all.connect(kFd, "10.0.0.1", 80).in_progress();
  all.poll(kFd, 1000).ready(POLLOUT);
  all.epoll(9, -1).returns_others();
  ASSERT_EQ(all.waits().size(), 2u);
  EXPECT_EQ(all.waits()[0].connection_id, 1);
  EXPECT_EQ(all.waits()[0].result, 1);
  EXPECT_EQ(all.waits()[1].connection_id, std::nullopt);
  EXPECT_EQ(all.waits()[1].timeout_ns, std::nullopt);
}

}  // namespace
}  // namespace sockwatch::connect::testing
