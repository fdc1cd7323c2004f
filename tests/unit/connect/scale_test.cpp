// Many connections: the same rows for the same events, and no work that grows with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <random>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

double us_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
      .count();
}

// What one expired epoll wait costs while `connections` are in its set.
double wait_among(int connections) {
  Story story;
  for (int fd = 10; fd < 10 + connections; ++fd) {
    story.epoll_ctl(9, EPOLL_CTL_ADD, fd);
    story.connect(fd, "10.0.0.1", 80).in_progress();
    if (fd % 2 == 0) continue;  // half of them connected and waiting for an answer
    story.so_error(fd, 0, established());
    story.send(fd, 10);
  }
  story.settle();
  constexpr int kWaits = 20'000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kWaits; ++i) story.epoll(9, 1).expires();
  const double cost = us_since(start) / kWaits;
  story.close(10, syn_sent());
  EXPECT_EQ(story.row(1).expired_waits, kWaits);
  return cost;
}

TEST(Scale, AnEpollWaitCostsTheSameWithTenThousandConnections) {
  // A scan of them would cost some thousand times as much; a busy machine makes no such difference.
  EXPECT_LT(wait_among(10'000), 50 * wait_among(10));
}

TEST(Scale, FinishedConnectionsAreForgotten) {
  Story story;
  for (int i = 0; i < 20'000; ++i) {
    story.connect(3, "10.0.0.1", 80).in_progress();
    story.so_error(3, 0, established());
    story.send(3, 10);
    story.receive(3, 10, wire::kFirstByte, talked(10, 10));
    story.close(3, talked(10, 10));
    EXPECT_EQ(story.tracker().take().connections.size(), 1u);
  }
  EXPECT_TRUE(story.tracker().take().connections.empty());
  story.process_ends();
  EXPECT_TRUE(story.tracker().take().connections.empty());
}

TEST(Scale, UnchangedRowsAreNotHandedOutAgain) {
  Story story;
  story.connect(3, "10.0.0.1", 80).in_progress();
  EXPECT_EQ(story.tracker().take().connections.size(), 1u);
  EXPECT_TRUE(story.tracker().take().connections.empty());
  story.so_error(3, 0, established());
  EXPECT_EQ(story.tracker().take().connections.size(), 1u);
}

// Any events in any order: no crash, and every row keeps the rules that readers rely on.
Observation anything(std::mt19937& engine, std::int64_t t_ns) {
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  const auto pick = [&](auto... values) {
    const std::common_type_t<decltype(values)...> all[] = {values...};
    return all[random() % sizeof...(values)];
  };
  using wire::Op;
  Observation o;
  o.op = pick(Op::connect, Op::connect, Op::connect, Op::close, Op::getsockopt, Op::poll,
              Op::epoll_wait, Op::epoll_ctl, Op::send, Op::recv, Op::dup, Op::dup2, Op::fcntl,
              Op::shutdown, Op::socket, Op::close_range, Op::getpeername, Op::setsockopt,
              Op::getaddrinfo, Op::splice, Op::bind, Op::listen, Op::select, Op::lost,
              static_cast<Op>(777));
  o.flags = static_cast<std::uint16_t>(random() % 64);
  o.detail = static_cast<std::uint8_t>(random() % 64);
  o.fd = static_cast<int>(random() % 6) - 1;
  o.tid = 100 + random() % 3;
  o.t_ns = t_ns;
  o.duration_ns = pick(0, 20'000, 2'000'000, 1'000'000'000);
  o.result = pick(-1, -1, 0, 0, 1, 3);
  if (o.result < 0) {
    o.error = pick(0, EINPROGRESS, EALREADY, EISCONN, EINTR, EAGAIN, ECONNREFUSED, ETIMEDOUT,
                   ECONNRESET, EPIPE, EHOSTUNREACH, ECONNABORTED, 9999, -5);
  }
  for (auto& byte : o.payload.raw) byte = static_cast<std::byte>(random() % 5);
  if (o.op == Op::connect) {
    o.payload.endpoint = {random() % 3, static_cast<std::uint16_t>(pick(0, 1, 2, 10, 99)),
                          static_cast<std::uint16_t>(1 + random() % 3),
                          static_cast<std::uint16_t>(pick(0, 6, 17, 132)), 0};
    if (random() % 5 != 0) {
      o.peer = Address{random() % 2 == 0 ? "ipv4" : "ipv6", "10.0.0.1", 80};
    }
  }
  if (o.op == Op::getsockopt) o.payload.option = {SOL_SOCKET, SO_ERROR, pick(0, 0, 111, 113)};
  if (random() % 2 == 0) {
    o.tcp = picture(static_cast<std::uint8_t>(random() % 13));
    o.tcp->total_retrans = random() % 3;
    o.tcp->rtt_us = random() % 2;
    o.tcp->segs_in = random() % 2;
    o.tcp->segs_out = random() % 2;
    o.tcp->known_bytes = static_cast<std::uint16_t>(pick(0, 104, 240));
  }
  o.entries = {{static_cast<int>(random() % 5), 4, static_cast<std::uint16_t>(random() % 32)}};
  o.addresses = {"10.0.0.1"};
  o.name = "x";
  return o;
}

TEST(Scale, AnyEventsInAnyOrderKeepTheRules) {
  const auto outcomes = ::testing::AnyOf(
      "pending", "connected", "refused", "rejected", "unreachable", "timed_out_kernel",
      "timed_out_caller", "superseded", "cancelled", "reset", "local_error", "abandoned", "failed");
  const auto endings = ::testing::AnyOf("open", "closed", "peer_closed", "reset",
                                        "response_timed_out", "no_response");
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Story story(Options{seed % 2 == 0});
    std::int64_t t_ns = 1'000'000'000'000;
    for (int i = 0; i < 400; ++i) {
      story.apply(anything(random, t_ns += static_cast<std::int64_t>(random() % 3'000'000)));
      if (random() % 50 == 0) story.settle();
    }
    story.advance_to(t_ns + 1);
    story.process_ends();
    for (std::size_t id = 1; id <= story.row_count(); ++id) {
      const auto row = story.row(static_cast<std::int64_t>(id));
      SCOPED_TRACE("seed " + std::to_string(seed) + " row " + std::to_string(id));
      EXPECT_THAT(row.outcome, outcomes);
      EXPECT_EQ(row.ending.has_value(), row.outcome == "connected");
      if (row.ending) {
        EXPECT_THAT(*row.ending, endings);
      }
      if (row.budget_ns) {
        EXPECT_TRUE(row.budget_source);
      }
      EXPECT_LE(row.expired_waits, row.waits);
      if (row.decided_ns && row.noticed_ns) {
        EXPECT_LE(*row.decided_ns, *row.noticed_ns);
      }
      if (row.closed_ns) {
        EXPECT_NE(row.ending, "open");
        EXPECT_NE(row.outcome, "pending");
        EXPECT_GE(*row.closed_ns, row.started_ns);
      }
    }
  }
}

}  // namespace
}  // namespace sockwatch::connect::testing
