// Sockets that listen: accepts, failures, the queue, and their end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kCookie = 77;

Tcp queue(std::uint32_t length, std::uint32_t limit) {
  wire::TcpPicture tcp = picture(TCP_LISTEN);
  tcp.unacked = length;
  tcp.sacked = limit;
  return tcp;
}

struct ListenerRows : ::testing::Test {
  Story story;
  std::int64_t listened_ns = 0;
  std::map<std::int64_t, store::ListenerRow> rows;

  // listen, and its first accept a second later.
  void listen(int fd = kFd, std::uint64_t cookie = kCookie, int backlog = 128) {
    Observation o = story.call(wire::Op::accept4, fd);
    o.result = 6;
    o.payload.accept = {cookie, AF_INET, IPPROTO_TCP, 0, 0};
    listened_ns = story.now();
    o.listening = wire::Listening{static_cast<std::uint64_t>(listened_ns), backlog, 0};
    o.local = Address{"ipv4", "127.0.0.1", 8080};
    o.tcp = queue(0, 128);
    story.pass(1000);
    story.say(o);
  }
  void accept(int made, const Tcp& tcp = {}, std::uint16_t waited_ms = 0, int fd = kFd) {
    Observation o = story.call(wire::Op::accept4, fd);
    o.result = made;
    o.payload.accept = {kCookie, AF_INET, IPPROTO_TCP, waited_ms, 0};
    o.tcp = tcp;
    story.say(o);
  }
  void accept_fails(int error, std::uint16_t count) {
    Observation o = story.call(wire::Op::accept, kFd);
    o.result = -1;
    o.error = error;
    o.payload.accept = {kCookie, AF_INET, IPPROTO_TCP, 0, count};
    story.say(o);
  }
  void take() { rows = story.listeners(); }
  store::ListenerRow only() {
    take();
    EXPECT_THAT(rows, SizeIs(1));
    return rows.empty() ? store::ListenerRow() : rows.begin()->second;
  }
};

TEST_F(ListenerRows, SayWhereAndHowMany) {
  listen();
  accept(7);
  accept(8);
  const auto row = only();
  EXPECT_EQ(row.process_id, 7);
  EXPECT_EQ(row.fd, kFd);
  EXPECT_EQ(row.family, "ipv4");
  EXPECT_EQ(row.protocol, "tcp");
  EXPECT_EQ(row.local_address, "127.0.0.1");
  EXPECT_EQ(row.local_port, 8080);
  EXPECT_EQ(row.backlog, 128);
  EXPECT_EQ(row.started_ns, listened_ns);
  EXPECT_EQ(row.closed_ns, std::nullopt);
  EXPECT_EQ(row.accepts, 3);
  EXPECT_EQ(row.failures, 0);
  EXPECT_EQ(row.accept_gap_max_ns, std::nullopt);
  EXPECT_EQ(row.pictures, 1);
  EXPECT_EQ(row.queue_max, 0);
  EXPECT_EQ(row.queue_limit, 128);
  EXPECT_EQ(row.full, 0);
}

TEST_F(ListenerRows, AcceptedSocketsAreNoConnections) {
  listen();
  accept(7);
  EXPECT_THAT(story.tracker().take().connections, IsEmpty());
}

TEST_F(ListenerRows, CountFailuresToldTogether) {
  listen();
  accept_fails(EMFILE, 1);
  accept_fails(EMFILE, 900);
  const auto calls = story.failed_calls();
  ASSERT_THAT(calls, SizeIs(1));
  const auto& failed = calls.begin()->second;
  EXPECT_EQ(failed.call, "accept");
  EXPECT_EQ(failed.error, EMFILE);
  EXPECT_EQ(failed.count, 901);
  EXPECT_EQ(only().failures, 901);
}

TEST_F(ListenerRows, KeepTheLongestWait) {
  listen();
  accept(7, {}, 30);
  accept(8, {}, 250);
  accept(9, {}, 40);
  EXPECT_EQ(only().accept_gap_max_ns, 250 * kMs);
}

// Before a close nothing was taken out, and at its limit the queue still has room for one.
TEST_F(ListenerRows, NotFullAtTheLimitBeforeAClose) {
  listen();
  story.close(kFd, queue(128, 128));
  EXPECT_EQ(only().full, 0);
}

TEST_F(ListenerRows, FullIsAtTheLimitAfterAnAccept) {
  listen();
  accept(7, queue(127, 128));
  EXPECT_EQ(only().full, 0);
  accept(8, queue(128, 128));
  const std::int64_t first_ns = story.now();
  accept(9, queue(129, 128));
  accept(10, queue(3, 128));
  const auto row = only();
  EXPECT_EQ(row.full, 2);
  EXPECT_EQ(row.first_full_ns, first_ns);
  EXPECT_GT(row.last_full_ns, first_ns);
  EXPECT_EQ(row.queue_max, 129);
  EXPECT_EQ(row.pictures, 5);
}

// listen(fd, 0) has the limit 0 and lets one in: an empty queue is not full.
TEST_F(ListenerRows, EmptyIsNeverFull) {
  listen();
  accept(7, queue(0, 0));
  EXPECT_EQ(only().full, 0);
  accept(8, queue(1, 0));
  EXPECT_EQ(only().full, 1);
}

// After shutdown the same fields count segments.
TEST_F(ListenerRows, PicturesOfAnotherStateDoNotCount) {
  listen();
  wire::TcpPicture tcp = picture(TCP_CLOSE);
  tcp.unacked = 9;
  accept(7, tcp);
  EXPECT_EQ(only().pictures, 1);
}

TEST_F(ListenerRows, InheritedOnesBeginWithTheirFirstAccept) {
  accept(7, queue(2, 64));
  const auto row = only();
  EXPECT_EQ(row.backlog, std::nullopt);
  EXPECT_EQ(row.started_ns, story.now());
  EXPECT_EQ(row.accepts, 1);
  EXPECT_EQ(row.queue_limit, 64);
}

TEST_F(ListenerRows, AnotherCookieIsAnotherListener) {
  listen();
  listen(kFd, kCookie + 1);
  take();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows.begin()->second.closed_ns, std::nullopt);  // nobody saw it
}

TEST_F(ListenerRows, ListenAgainIsTheSame) {
  listen();
  listen(kFd, kCookie, 5);
  EXPECT_EQ(only().backlog, 5);
}

TEST_F(ListenerRows, CloseEndsThemWithALastLook) {
  listen();
  story.close(kFd, queue(129, 128));
  const auto row = only();
  EXPECT_EQ(row.closed_ns, story.now());
  EXPECT_EQ(row.full, 1);
  EXPECT_EQ(story.tracker().orphan_events(), 0u);
}

TEST_F(ListenerRows, EndWithTheirLastNumber) {
  listen();
  story.dup(kFd, 9);
  story.close(kFd);
  EXPECT_EQ(only().closed_ns, std::nullopt);
  accept(12, {}, 0, 9);
  EXPECT_EQ(only().accepts, 2);
  story.close(9);
  EXPECT_EQ(only().closed_ns, story.now());
}

TEST_F(ListenerRows, EndInARangeWithoutAPicture) {
  listen();
  Observation o = story.call(wire::Op::close_range, kFd);
  o.flags = wire::kBegin | wire::kNotReturned;
  o.payload.descriptor.first = kFd;
  o.payload.descriptor.last = kFd;
  story.say(o);
  EXPECT_EQ(only().closed_ns, story.now());
}

TEST_F(ListenerRows, TheNumberReturnedByAcceptIsNoListenerAnyMore) {
  listen(9);
  accept(9);  // the close of 9 went past us
  take();
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows.at(1).closed_ns, std::nullopt);
  story.close(9);
  take();
  EXPECT_EQ(rows.at(1).closed_ns, std::nullopt);
}

TEST_F(ListenerRows, EndWithTheProcessButNotWithAnExec) {
  listen();
  story.exec();
  EXPECT_EQ(only().closed_ns, std::nullopt);
}

TEST_F(ListenerRows, EndWithTheProcess) {
  listen();
  story.process_ends();
  EXPECT_EQ(only().closed_ns, story.now());
}

}  // namespace
}  // namespace sockwatch::connect::testing
