// Every way a program can wait, with each result: an answer, the time-out, a refusal.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

struct Manner {
  const char* name;
  const char* budget_source;
  bool blocking;
};

// How a parameter is named in test names and messages.
void PrintTo(const Manner& manner, std::ostream* out) { *out << manner.name; }

class Wait : public Waiter, public testing::WithParamInterface<Manner> {};

TEST_P(Wait, Answered) {
  const Server server = serve_tcp(network(), answering("hello", 100ms));
  const Recording seen = record(connect(GetParam().name, 3s, "127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.status, 0) << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"},
                                  {"ending", "closed"},
                                  {"blocking", GetParam().blocking},
                                  {"expired_waits", 0},
                                  {"turns", 1}}));
  EXPECT_TRUE(between(seen.only(), "turn_max_ns", 95e6, 400e6));
}

TEST_P(Wait, Refused) {
  const Recording seen = record(connect(GetParam().name, 3s, "127.0.0.1", kDark));
  EXPECT_EQ(seen.target.out, "connect ECONNREFUSED\n");
  EXPECT_TRUE(
      shows(seen.only(),
            {{"outcome", "refused"}, {"errno", ECONNREFUSED}, {"blocking", GetParam().blocking}}));
}

TEST_P(Wait, TimeOutWhileConnecting) {
  drop_tcp(network(), kDark);
  const Recording seen = record(connect(GetParam().name, kPatience, "127.0.0.1", kDark));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "timed_out_caller"},
                                  {"budget_source", GetParam().budget_source},
                                  {"blocking", GetParam().blocking},
                                  {"tcp_state", 2},
                                  {"syn_retransmits", 1},
                                  {"segs_in", 0}}));
  EXPECT_TRUE(between(seen.only(), "budget_ns", kPatienceNs, kPatienceNs * 1.001));
  EXPECT_TRUE(took(seen.only(), "started_ns", "closed_ns", 1450ms, 1900ms));
}

std::string name_of(const testing::TestParamInfo<Manner>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Call, Wait,
    testing::Values(Manner{"poll", "poll", false}, Manner{"ppoll", "poll", false},
                    Manner{"select", "select", false}, Manner{"pselect", "select", false},
                    Manner{"epoll_wait", "epoll", false}, Manner{"epoll_pwait", "epoll", false},
                    Manner{"epoll_pwait2", "epoll", false}, Manner{"second_connect", "poll", false},
                    Manner{"sndtimeo", "SO_SNDTIMEO", true}),
    name_of);

// The waits that expire after the connection is up.
class WaitForReply : public Waiter, public testing::WithParamInterface<Manner> {};

TEST_P(WaitForReply, TimesOut) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(connect(GetParam().name, 700ms, "127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.out, "connect 0\nreply timeout\n") << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"},
                                  {"ending", "response_timed_out"},
                                  {"budget_source", GetParam().budget_source},
                                  {"expired_waits", 1}}));
  EXPECT_TRUE(between(seen.only(), "budget_ns", 700e6, 701e6));
}

INSTANTIATE_TEST_SUITE_P(
    Call, WaitForReply,
    testing::Values(Manner{"poll", "poll", false}, Manner{"ppoll", "poll", false},
                    Manner{"select", "select", false}, Manner{"pselect", "select", false},
                    Manner{"epoll_wait", "epoll", false}, Manner{"epoll_pwait", "epoll", false},
                    Manner{"epoll_pwait2", "epoll", false}),
    name_of);

TEST_F(Waiter, UserTimeoutEndsTheKernelsPatience) {
  drop_tcp(network(), kDark);
  const Recording seen = record(connect("user_timeout", kPatience, "127.0.0.1", kDark));
  EXPECT_EQ(seen.target.out, "connect ETIMEDOUT\n") << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "timed_out_kernel"},
                                  {"errno", ETIMEDOUT},
                                  {"budget_source", "TCP_USER_TIMEOUT"}}));
  EXPECT_TRUE(between(seen.only(), "budget_ns", kPatienceNs, kPatienceNs));
}

TEST_F(Waiter, BlockingConnectOverIpv6) {
  const Server server = serve_tcp(network(), answering("hello"), {.address = "::1"});
  const Recording seen = record(connect("blocking", 0ms, "::1", server.port()));
  EXPECT_TRUE(
      shows(seen.only(), {{"outcome", "connected"}, {"family", "ipv6"}, {"blocking", true}}));
}

TEST_F(Python, ClosedBeforeAnyWaitExpiredIsCancelled) {
  drop_tcp(network(), kDark);
  const Recording seen =
      record(python("s = socket.socket(); s.setblocking(False)\n"
                    "try: s.connect(" +
                    at("127.0.0.1", kDark) +
                    ")\n"
                    "except BlockingIOError: pass\n"
                    "s.close()\n"));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "cancelled"}, {"tcp_state", 2}, {"segs_in", 0}}));
}

}  // namespace
}  // namespace sockwatch::netlab
