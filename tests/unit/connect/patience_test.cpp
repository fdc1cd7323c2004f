// Whose waiting was it: a wait that ran out means a missing reply only if it was for one.
#include <gtest/gtest.h>
#include <poll.h>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

constexpr int kFd = 3;
constexpr int kEpoll = 9;

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

}  // namespace
}  // namespace sockwatch::connect::testing
