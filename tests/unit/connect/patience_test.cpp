// Whose waiting was it: a wait that ran out means a missing reply only if it was for one.
#include <gtest/gtest.h>
#include <poll.h>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

// All bytes acknowledged; the last of them left `ms` ago.
wire::TcpPicture last_sent(std::uint32_t ms, std::uint64_t bytes) {
  auto tcp = talked(bytes, 0);
  tcp.last_data_sent_ms = ms;
  tcp.delivered = 2;
  tcp.data_segs_out = 1;
  return tcp;
}

struct Patience : ::testing::Test {
  Story story;
  std::string ending(const wire::TcpPicture& tcp) {
    story.close(kFd, tcp);
    return story.row().ending.value_or("");
  }
};

// Sends a line every second, and lets epoll do the waiting in between.
TEST_F(Patience, ALogOnlySends) {
  story.connect(kFd, "10.0.0.1", 514).in_progress();
  story.so_error(kFd, 0, established());
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.send(kFd, 100);
  for (int i = 0; i < 3; ++i) story.epoll(kEpoll, 1000).expires();
  EXPECT_EQ(ending(last_sent(1000, 300)), "closed");
  EXPECT_EQ(story.row().budget_ns, std::nullopt);
  EXPECT_EQ(story.row().expired_waits, 3);  // they were, whatever for
}

// Of datagrams nobody knows when the last was sent: only a wait for the socket itself tells.
TEST_F(Patience, DatagramsUnderALoopOnlySend) {
  for (const bool named : {false, true}) {
    Story one;
    one.connect(kFd, "10.0.0.1", 8125).udp().succeeds();
    one.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
    one.send(kFd, 100);
    for (int i = 0; i < 3; ++i) {
      if (named) {
        one.poll(kFd, 800, wire::Op::poll, POLLIN).expires();
      } else {
        one.epoll(kEpoll, 800).expires();
      }
    }
    one.close(kFd);
    EXPECT_EQ(one.row().ending, named ? "response_timed_out" : "closed");
  }
}

TEST_F(Patience, WhoSendsNothingMoreHasWaited) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.so_error(kFd, 0, established());
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.send(kFd, 100);
  for (int i = 0; i < 3; ++i) story.epoll(kEpoll, 1000).expires();
  EXPECT_EQ(ending(last_sent(3000, 100)), "response_timed_out");
}

// The head, a second of waiting for permission, the body, and then the wait for the reply.
TEST_F(Patience, ARequestInPartsThatNamesItsSocket) {
  story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  story.send(kFd, 100);
  story.poll(kFd, 1000, wire::Op::poll, POLLIN).expires();
  story.pass(50);  // the body
  story.poll(kFd, 1500, wire::Op::poll, POLLIN).expires();
  EXPECT_EQ(ending(last_sent(1500, 5000)), "response_timed_out");
}

// 3 MB that curl sent after the wait for permission: 62 segments, the largest of 65,483 bytes.
TEST_F(Patience, ALargeBodyDoesNotFillItsSegments) {
  story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  story.send(kFd, 100);
  story.poll(kFd, 1000, wire::Op::poll, POLLIN).expires();
  story.pass(50);
  story.poll(kFd, 1900, wire::Op::poll, POLLIN).expires();
  auto tcp = last_sent(1900, 3'000'129);
  tcp.snd_mss = 65'483;
  tcp.data_segs_out = 62;
  tcp.delivered = 63;
  EXPECT_EQ(ending(tcp), "response_timed_out");
}

// A log whose loop sleeps in a poll of the very socket, to learn of its end.
TEST_F(Patience, ALogThatLooksForItsEnd) {
  story.connect(kFd, "10.0.0.1", 514).blocking().succeeds();
  story.send(kFd, 100);
  for (int i = 0; i < 3; ++i) story.poll(kFd, 1000, wire::Op::poll, POLLIN).expires();
  auto tcp = last_sent(1000, 300);
  tcp.data_segs_out = 3;
  tcp.delivered = 4;
  EXPECT_EQ(ending(tcp), "closed");
}

TEST_F(Patience, ARequestInPartsAndALongSilence) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.so_error(kFd, 0, established());
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.send(kFd, 100);
  for (int i = 0; i < 6; ++i) story.epoll(kEpoll, 1000).expires();
  EXPECT_EQ(ending(last_sent(4900, 5000)), "response_timed_out");
}

// When a byte last left says nothing where bytes left twice.
TEST_F(Patience, AResendIsNoNewMessage) {
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.so_error(kFd, 0, established());
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.send(kFd, 100);
  for (int i = 0; i < 3; ++i) story.epoll(kEpoll, 1000).expires();
  auto tcp = last_sent(1000, 100);
  tcp.total_retrans = 1;
  EXPECT_EQ(ending(tcp), "response_timed_out");
}

TEST_F(Patience, AWaitForRoomIsNoWaitForAReply) {
  story.connect(kFd, "10.0.0.1", 514).blocking().succeeds();
  story.send(kFd, 100);
  story.poll(kFd, 1000, wire::Op::poll, POLLOUT).expires();
  EXPECT_EQ(ending(last_sent(1000, 100)), "closed");
}

TEST_F(Patience, AWaitForRoomThatNeverCame) {
  story.connect(kFd, "10.0.0.1", 514).blocking().succeeds();
  story.send(kFd, 100);
  story.poll(kFd, 1000, wire::Op::poll, POLLOUT).expires();
  auto tcp = last_sent(1000, 100);
  tcp.notsent_bytes = 4000;
  EXPECT_EQ(ending(tcp), "response_timed_out");
  EXPECT_EQ(story.row().budget_ns, 1000 * kMs);
  EXPECT_EQ(story.row().budget_source, "poll");
}

// A thread that logs over a blocking socket and waits by epoll for something else.
TEST_F(Patience, WaitsOfTheThreadAreNotForABlockingSocket) {
  story.connect(kFd, "10.0.0.1", 514).blocking().succeeds();
  story.send(kFd, 100);
  story.epoll(kEpoll, 1000).expires();
  EXPECT_EQ(ending(last_sent(1000, 100)), "closed");
  EXPECT_EQ(story.row().expired_waits, 0);
}

TEST_F(Patience, AReceiveThatWaitedIsForTheReply) {
  story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  story.set_timeout(kFd, SO_RCVTIMEO, 1000);
  story.send(kFd, 100);
  story.receive_waits(kFd, 1000);
  EXPECT_EQ(ending(last_sent(1000, 100)), "response_timed_out");
}

// A reply of which `received` bytes came, the last of them `ms` before the close.
wire::TcpPicture began(std::uint64_t received, std::uint32_t ms) {
  auto tcp = talked(100, received);
  tcp.last_data_recv_ms = ms;
  return tcp;
}

struct RestOfReply : Patience {
  void begin_reply() {
    story.connect(kFd, "10.0.0.1", 80).in_progress();
    story.so_error(kFd, 0, established());
    story.send(kFd, 100);
    story.pass(5);
    story.receive(kFd, 45, wire::kFirstByte, talked(100, 45));
  }
  void wait(std::int64_t ms, std::uint16_t events = POLLIN) {
    story.poll(kFd, ms, wire::Op::poll, events).expires();
  }
};

TEST_F(RestOfReply, NeverCame) {
  begin_reply();
  wait(3000);
  EXPECT_EQ(ending(began(45, 3000)), "response_timed_out");
  EXPECT_EQ(story.row().reply_begun, true);
  EXPECT_EQ(story.row().budget_ns, 3000 * kMs);
  EXPECT_EQ(story.row().budget_source, "poll");
  EXPECT_EQ(story.row().expired_waits, 1);
}

TEST_F(RestOfReply, AwaitedInSlices) {
  begin_reply();
  for (const int ms : {1000, 1000, 900}) wait(ms);
  EXPECT_EQ(ending(began(45, 2900)), "response_timed_out");
  EXPECT_EQ(story.row().budget_ns.value_or(0) / kMs, 2899);  // what a call takes, taken off
  EXPECT_EQ(story.row().expired_waits, 3);
}

// The bytes that came in between are not told; the kernel knows when the last of them did.
TEST_F(RestOfReply, IsAwaitedSinceTheLastBytes) {
  begin_reply();
  wait(1000);
  story.pass(500);
  for (const int ms : {1000, 900}) wait(ms);
  EXPECT_EQ(ending(began(5000, 1900)), "response_timed_out");
  EXPECT_EQ(story.row().budget_ns.value_or(0) / kMs, 1899);
}

// Who sends little by little has not stopped: curl's time for all of it (--max-time) was over.
TEST_F(RestOfReply, CameLittleByLittle) {
  begin_reply();
  for (int i = 0; i < 3; ++i) {
    wait(1000);
    story.pass(400);
  }
  for (const int ms : {1000, 300}) wait(ms);
  EXPECT_EQ(ending(began(500, 1300)), "closed");
  EXPECT_EQ(story.row().budget_ns, std::nullopt);
}

// TLS says goodbye before it closes.
TEST_F(RestOfReply, GoodbyeOfTlsIsNoRequest) {
  story.connect(kFd, "10.0.0.1", 443).in_progress();
  story.so_error(kFd, 0, established());
  story.send(kFd, 100, wire::kTurnStart | wire::kTlsRecord);
  story.receive(kFd, 45, wire::kFirstByte, talked(100, 45));
  wait(3000);
  const store::OptInt answered_ns = story.row().answered_ns;
  story.send(kFd, 31);
  EXPECT_EQ(story.row().answered_ns, std::nullopt);
  EXPECT_EQ(ending(began(45, 3000)), "response_timed_out");
  EXPECT_EQ(story.row().reply_begun, true);
  EXPECT_EQ(story.row().answered_ns, answered_ns);
}

// The peer answers the goodbye before the close.
TEST_F(RestOfReply, GoodbyeOfThePeerIsNoMoreOfIt) {
  story.connect(kFd, "10.0.0.1", 443).in_progress();
  story.so_error(kFd, 0, established());
  story.send(kFd, 100, wire::kTurnStart | wire::kTlsRecord);
  story.receive(kFd, 45, wire::kFirstByte, talked(100, 45));
  wait(3000);
  story.send(kFd, 31);
  wire::TcpPicture last = began(70, 0);
  last.state = TCP_CLOSE_WAIT;
  EXPECT_EQ(ending(last), "response_timed_out");
}

// A later request over TLS, awaited in slices; then the goodbye. A log is told apart by its pieces.
TEST_F(RestOfReply, NeverBeganAndTlsSaidGoodbye) {
  for (const auto& [segments, expected] :
       {std::pair{8U, "response_timed_out"}, std::pair{9U, "closed"}}) {
    Story tls;
    tls.connect(kFd, "10.0.0.1", 443).in_progress();
    tls.so_error(kFd, 0, established());
    for (const int first : {int{wire::kTlsRecord}, 0}) {
      tls.send(kFd, 100, static_cast<std::uint8_t>(wire::kTurnStart | first));
      tls.receive(kFd, 45, wire::kFirstByte);
    }
    tls.send(kFd, 100);
    const store::OptInt asked_ns = tls.row().asked_ns;
    for (const int ms : {1000, 1000}) tls.poll(kFd, ms, wire::Op::poll, POLLIN).expires();
    tls.send(kFd, 31, 0);
    wire::TcpPicture last = talked(331, 90);
    last.data_segs_out = segments;
    last.last_data_sent_ms = 0;
    last.last_data_recv_ms = 2000;
    tls.close(kFd, last);
    EXPECT_EQ(tls.row().ending, expected) << segments;
    EXPECT_EQ(tls.row().asked_ns, asked_ns);
    EXPECT_EQ(tls.row().answered_ns, std::nullopt);
  }
}

TEST_F(RestOfReply, CameInTime) {
  begin_reply();
  wait(1000);
  story.pass(500);  // the rest comes, and is not told
  EXPECT_EQ(ending(began(1000, 100)), "closed");
  EXPECT_EQ(story.row().reply_begun, std::nullopt);
  EXPECT_EQ(story.row().expired_waits, 0);
  EXPECT_EQ(story.row().budget_ns, std::nullopt);
}

// A loop ticks, and its connection is closed at some time, perhaps right after a tick.
TEST_F(RestOfReply, ALoopThatTicksWaitsForNothing) {
  for (const int later : {0, 100}) {
    Story one;
    one.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
    one.send(kFd, 100);
    one.receive(kFd, 45, wire::kFirstByte, talked(100, 45));
    for (int i = 0; i < 5; ++i) one.poll(kFd, 1000, wire::Op::poll, POLLIN).expires();
    one.pass(later);
    one.close(kFd, began(45, static_cast<std::uint32_t>(5000 + later)));
    EXPECT_EQ(one.row().ending, "closed");
    EXPECT_EQ(one.row().expired_waits, 0);
  }
}

// As long a wait had run out before, and bytes came after all.
TEST_F(RestOfReply, AWaitThatWasGoneOnFromProvesNothing) {
  begin_reply();
  wait(2000);
  story.pass(10);  // bytes, not told
  wait(2000);
  EXPECT_EQ(ending(began(90, 2000)), "closed");
}

TEST_F(RestOfReply, ALookForLeftoversIsNoWait) {
  begin_reply();
  wait(500);
  EXPECT_EQ(ending(began(45, 500)), "closed");
}

// A slow download that meets the limit of all of it between two pieces.
TEST_F(RestOfReply, AnAnswerThatTricklesHasNotStopped) {
  begin_reply();
  wait(3000);
  EXPECT_EQ(ending(began(4500, 200)), "closed");
}

TEST_F(RestOfReply, IsNotAwaitedBesideOthers) {
  begin_reply();
  story.connect(4, "10.0.0.2", 80).in_progress();
  Observation o = story.call(wire::Op::poll, -1);
  o.result = 0;
  o.payload.wait.timeout_ns = 3000 * kMs;
  o.payload.wait.watched = 3;
  o.entries = {{kFd, POLLIN, 0}};
  story.pass(3000);
  o.t_ns = story.now();
  story.say(o);
  story.close(kFd, began(45, 3000));
  EXPECT_EQ(story.row(1).ending, "closed");
}

TEST_F(RestOfReply, IsNotAwaitedByWhoWaitsForAHangUp) {
  begin_reply();
  wait(3000, POLLRDHUP);
  EXPECT_EQ(ending(began(45, 3000)), "closed");
}

TEST_F(RestOfReply, IsNotAwaitedAfterTheOwnShutdown) {
  begin_reply();
  story.shutdown(kFd, SHUT_WR, talked(100, 45));
  wait(3000);
  EXPECT_EQ(ending(began(45, 3000)), "closed");
}

// A program that waits for news and then says QUIT was not let down.
TEST_F(RestOfReply, IsNotMissedByWhoSaysGoodbye) {
  begin_reply();
  wait(3000);
  story.send(kFd, 6);
  EXPECT_EQ(ending(began(45, 3000)), "closed");
}

TEST_F(RestOfReply, OfWhatWasNeverAskedFor) {
  story.connect(kFd, "10.0.0.1", 25).blocking().succeeds();
  story.receive(kFd, 45, wire::kFirstByte, talked(0, 45));
  wait(3000);
  EXPECT_EQ(ending(began(45, 3000)), "closed");
}

// One wait was all of it: the program may take its time to report the failure.
TEST_F(RestOfReply, ASingleWaitMayBeReportedFirst) {
  begin_reply();
  wait(3000);
  story.pass(150);
  EXPECT_EQ(ending(began(45, 3150)), "response_timed_out");
}

TEST_F(RestOfReply, IsNotAwaitedByASet) {
  begin_reply();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.epoll(kEpoll, 5000).expires();
  EXPECT_EQ(ending(began(45, 5000)), "closed");  // an idle limit of a pool looks the same
}

TEST_F(RestOfReply, IsNotAwaitedByAWaitForRoom) {
  begin_reply();
  wait(3000, POLLOUT);
  EXPECT_EQ(ending(began(45, 3000)), "closed");
}

TEST_F(RestOfReply, AwaitedByAReceive) {
  story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  story.set_timeout(kFd, SO_RCVTIMEO, 2000);
  story.send(kFd, 100);
  story.receive(kFd, 45, wire::kFirstByte, talked(100, 45));
  story.receive_waits(kFd, 2000);
  EXPECT_EQ(ending(began(45, 2000)), "response_timed_out");
  EXPECT_EQ(story.row().budget_source, "SO_RCVTIMEO");
}

TEST_F(RestOfReply, AnotherRequestWithoutReplyIsToldAsSuch) {
  begin_reply();
  story.send(kFd, 100);
  wait(3000);
  EXPECT_EQ(ending(began(45, 3000)), "response_timed_out");
  EXPECT_EQ(story.row().reply_begun, false);
}

TEST_F(RestOfReply, OfAProgramThatEnds) {
  begin_reply();
  wait(3000);
  story.process_ends();
  EXPECT_EQ(story.row().ending, "response_timed_out");
  EXPECT_EQ(story.row().reply_begun, true);
}

// Java does not close; its machine takes a while to come down.
TEST_F(RestOfReply, OfAProgramThatTakesItsTimeToEnd) {
  for (const auto& [ms, expected] : {std::pair{400, "response_timed_out"}, {2000, "closed"}}) {
    Story one;
    one.connect(kFd, "10.0.0.1", 80).in_progress();
    one.so_error(kFd, 0, established());
    one.send(kFd, 100);
    one.receive(kFd, 45, wire::kFirstByte, talked(100, 45));
    one.poll(kFd, 2000, wire::Op::poll, POLLIN).expires();
    one.pass(ms);
    one.process_ends();
    EXPECT_EQ(one.row().ending, expected) << ms;
  }
}

// A greeting that never came.
TEST_F(Patience, NothingSaidAndGivenUp) {
  story.connect(kFd, "10.0.0.1", 25).in_progress();
  story.so_error(kFd, 0, established());
  story.poll(kFd, 3000, wire::Op::poll, POLLIN).expires();
  EXPECT_EQ(ending(talked(0, 0)), "response_timed_out");
  EXPECT_EQ(story.row().reply_begun, false);
  EXPECT_EQ(story.row().expired_waits, 1);
  EXPECT_EQ(story.row().budget_ns, 3000 * kMs);
}

// A request without a reply, and a program that ends without closing.
TEST_F(Patience, OfAProgramThatReportsItAndEnds) {
  for (const auto& [later, expected] : {std::pair{100, "response_timed_out"},
                                        std::pair{500, "closed"},  // in a second tick, perhaps
                                        std::pair{3000, "response_timed_out"}}) {
    Story one;
    one.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
    one.send(kFd, 100);
    one.poll(kFd, 700, wire::Op::poll, POLLIN).expires();
    one.pass(later);
    one.process_ends();
    EXPECT_EQ(one.row().ending, expected) << later;
  }
}

}  // namespace
}  // namespace sockwatch::connect::testing
