// Nobody answered: the caller gave up by its own clock, or the kernel did.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/netlab/clients/nginx.h"
#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

using testing::HasSubstr;

// One SYN and one resend in 1.5 s, and nothing ever came back.
void expect_silence(const Json& row) {
  EXPECT_TRUE(shows(row, {{"outcome", "timed_out_caller"},
                          {"ending", nullptr},
                          {"tcp_state", 2},
                          {"syn_retransmits", 1},
                          {"segs_out", 2},
                          {"segs_in", 0}}));
  EXPECT_TRUE(took(row, "started_ns", "closed_ns", 1400ms, 2000ms));
}

void expect_budget(const Json& row, const std::string& source) {
  EXPECT_TRUE(shows(row, {{"budget_source", source}}));
  EXPECT_TRUE(between(row, "budget_ns", kPatienceNs * 0.95, kPatienceNs * 1.1));
  EXPECT_TRUE(at_least(row, "expired_waits", 1));
}

TEST_F(Curl, GivesUpOnADroppedSyn) {
  drop_tcp(network(), kDark);
  const Recording seen = record(get("127.0.0.1", kDark, {"--connect-timeout", "1.5"}));
  EXPECT_EQ(seen.target.status, 28) << seen.target.told();
  expect_silence(seen.only());
  // curl waits in slices of at most a second; none of them is the whole budget.
  EXPECT_TRUE(shows(seen.only(), {{"blocking", false}, {"budget_source", "poll"}}));
  EXPECT_TRUE(at_least(seen.only(), "expired_waits", 1));
  EXPECT_TRUE(shows(seen.report.at("destinations").at(0),
                    {{"attempts", 1}, {"timed_out_caller", 1}, {"syn_retransmits", 1}}));
}

TEST_F(Wget, AlarmJumpsOutOfABlockingConnect) {
  drop_tcp(network(), kDark);
  const Recording seen = record(get("127.0.0.1", kDark, {"-T", "1.5"}));
  EXPECT_EQ(seen.target.status, 4) << seen.target.told();
  expect_silence(seen.only());
  EXPECT_TRUE(shows(seen.only(), {{"blocking", true}}));
}

TEST_F(Python, SettimeoutGivesUp) {
  drop_tcp(network(), kDark);
  const Recording seen =
      record(python("socket.create_connection(" + at("127.0.0.1", kDark) + ", timeout=1.5)"));
  expect_silence(seen.only());
  expect_budget(seen.only(), "poll");
  EXPECT_TRUE(shows(seen.only(), {{"waits", 1}, {"expired_waits", 1}, {"blocking", false}}));
}

TEST_F(Requests, GivesUp) {
  drop_tcp(network(), kDark);
  const Recording seen = record(get("127.0.0.1", kDark, "1.5"));
  expect_silence(seen.only());
  expect_budget(seen.only(), "poll");
}

TEST_F(Python, AsyncioGivesUp) {
  drop_tcp(network(), kDark);
  const Recording seen =
      record(python("import asyncio\n"
                    "asyncio.run(asyncio.wait_for(asyncio.open_connection" +
                    at("127.0.0.1", kDark) + ", 1.5))"));
  expect_silence(seen.to_port(kDark));
  expect_budget(seen.to_port(kDark), "epoll");
}

TEST_F(Java, SocketGivesUp) {
  drop_tcp(network(), kDark);
  const Recording seen = record(socket("127.0.0.1", kDark, kPatience));
  EXPECT_THAT(seen.target.out, HasSubstr("SocketTimeoutException")) << seen.target.told();
  expect_silence(seen.to_port(kDark));
  expect_budget(seen.to_port(kDark), "poll");
}

TEST_F(Java, HttpClientGivesUp) {
  drop_tcp(network(), kDark);
  const Recording seen = record(http("127.0.0.1", kDark, kPatience, 10s));
  EXPECT_THAT(seen.target.out, HasSubstr("HttpConnectTimeoutException")) << seen.target.told();
  const Json& row = seen.to_port(kDark);
  expect_silence(row);
  EXPECT_TRUE(shows(row, {{"budget_source", "epoll"}}));
}

TEST_F(Node, SocketGivesUp) {
  drop_tcp(network(), kDark);
  const Recording seen = record(socket("127.0.0.1", kDark, kPatience));
  EXPECT_THAT(seen.target.err, HasSubstr("failed: gave up\n"));
  expect_silence(seen.to_port(kDark));
  EXPECT_TRUE(shows(seen.to_port(kDark), {{"budget_source", "epoll"}}));
}

TEST_F(Node, HttpGivesUp) {
  drop_tcp(network(), kDark);
  const Recording seen = record(get("127.0.0.1", kDark, kPatience));
  expect_silence(seen.to_port(kDark));
}

TEST_F(Python, KernelGivesUp) {
  drop_tcp(network(), kDark);
  give_up_after_syn_retries(network(), 1);
  const Recording seen = record(python("socket.create_connection(" + at("127.0.0.1", kDark) + ")"));
  EXPECT_THAT(seen.target.err, HasSubstr("Connection timed out"));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "timed_out_kernel"},
                                  {"errno", ETIMEDOUT},
                                  {"blocking", true},
                                  {"budget_source", "kernel"}}));
  EXPECT_TRUE(at_least(seen.only(), "syn_retransmits", 1));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 2900ms, 4500ms));
}

TEST_F(Curl, KernelGivesUpBeforeTheCaller) {
  drop_tcp(network(), kDark);
  give_up_after_syn_retries(network(), 1);
  const Recording seen = record(get("127.0.0.1", kDark, {"--connect-timeout", "10"}));
  EXPECT_TRUE(
      shows(seen.only(), {{"outcome", "timed_out_kernel"}, {"errno", ETIMEDOUT}, {"segs_in", 0}}));
  EXPECT_TRUE(at_least(seen.only(), "syn_retransmits", 1));
}

TEST_F(Curl, FullAcceptQueueIsSilenceToo) {
  const Server full = serve_full_queue(network());
  const Recording seen = record(get("127.0.0.1", full.port(), {"--connect-timeout", "1.5"}));
  expect_silence(seen.only());
}

TEST_F(Requests, TriesTheNextAddressAfterItsWholeTimeOut) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_tcp(network(), server.port(), "::1");
  hosts_file(network(), "::1 two.test\n127.0.0.1 two.test\n");
  const Recording seen = record(get("two.test", server.port(), "1.5"));
  EXPECT_EQ(seen.target.out, "hello\n") << seen.target.told();
  const auto rows = seen.all_to_port(server.port());
  ASSERT_EQ(rows.size(), 2U) << seen.told();
  EXPECT_TRUE(shows(rows[0], {{"peer_address", "::1"}, {"peer_name", "two.test"}}));
  expect_silence(rows[0]);  // not superseded: nobody had connected when it was given up
  EXPECT_TRUE(
      shows(rows[1],
            {{"peer_address", "127.0.0.1"}, {"outcome", "connected"}, {"peer_name", "two.test"}}));
}

class Nginx : public Curl {
 protected:
  void SetUp() override {
    Curl::SetUp();
    if (IsSkipped()) return;
    if (find_program("nginx").empty()) GTEST_SKIP() << "skipped, because nginx is not installed";
    if (network().in_user_namespace()) {
      GTEST_SKIP() << "skipped, because nginx cannot change user in a user namespace";
    }
  }
};

TEST_F(Nginx, WorkersUpstreamsAreToldApart) {
  const Server good = serve_tcp(network(), answering("hello"));
  const Server mute = serve_tcp(network(), silent());
  drop_tcp(network(), kDark);
  Process proxy = start_recording("trace.sockwatch",
                                  nginx_in_front_of(network(), {good.port(), kDark, mute.port()}));
  wait_until_nginx_listens(network());
  EXPECT_EQ(nginx_status_of(network(), 0), "200");
  EXPECT_EQ(nginx_status_of(network(), 1), "504");
  EXPECT_EQ(nginx_status_of(network(), 2), "504");
  stop_nginx(network());
  const Recording seen = finish_recording("trace.sockwatch", proxy);
  EXPECT_EQ(seen.target.status, 0) << seen.target.told();
  EXPECT_TRUE(shows(seen.to_port(good.port()), {{"outcome", "connected"}, {"blocking", false}}));
  expect_silence(seen.to_port(kDark));
  expect_budget(seen.to_port(kDark), "epoll");
  EXPECT_TRUE(shows(seen.to_port(mute.port()),
                    {{"outcome", "connected"}, {"ending", "response_timed_out"}}));
  EXPECT_TRUE(took(seen.to_port(mute.port()), "first_send_ns", "closed_ns", 1400ms, 2000ms));
}

}  // namespace
}  // namespace sockwatch::netlab
