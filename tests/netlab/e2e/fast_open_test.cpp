// TCP Fast Open: the handshake that begins with a send.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

constexpr std::uint16_t kClosed = 7002;  // nobody listens

class FastOpen : public Recorded, public testing::WithParamInterface<bool> {
 protected:
  FastOpen() : Recorded({"python3"}) {}

  void SetUp() override {
    Recorded::SetUp();
    if (IsSkipped()) return;
    // Client and every listener, without asking for a cookie first: tcp_fastopen in
    // ip-sysctl of the kernel's documentation.
    network().sysctl("net/ipv4/tcp_fastopen", std::to_string(0x1 | 0x2 | 0x4 | 0x200 | 0x400));
  }

  // By MSG_FASTOPEN, or by TCP_FASTOPEN_CONNECT and a plain send half a second after connect.
  static std::vector<std::string> client(std::uint16_t port) {
    const std::string how = GetParam() ? "s.sendto(b'GET / HTTP/1.0\\r\\n\\r\\n', 0x20000000, to)\n"
                                       : "s.setsockopt(socket.IPPROTO_TCP, 30, 1)\n"
                                         "s.connect(to)\n"
                                         "time.sleep(0.5)\n"
                                         "s.send(b'GET / HTTP/1.0\\r\\n\\r\\n')\n";
    return python("to = ('127.0.0.1', " + std::to_string(port) +
                  ")\ns = socket.socket()\ns.setblocking(False)\n" + how +
                  "if select.select([s], [], [], 1.5)[0]:\n"
                  "  try: s.recv(4096)\n"
                  "  except OSError as e: print(e.errno)\n"
                  "s.close()\n");
  }
};

TEST_P(FastOpen, Connects) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(client(server.port()));
  ASSERT_EQ(seen.target.status, 0) << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"},
                                  {"fast_open", true},
                                  {"tcp_state", 1},
                                  {"turns", 1},
                                  {"errno", nullptr}}));
  // The phase begins with the send, not with the promise.
  EXPECT_TRUE(took(seen.only(), "started_ns", "first_receive_ns", 0ms, 450ms));
}

TEST_P(FastOpen, Refused) {
  const Recording seen = record(client(kClosed));
  EXPECT_TRUE(
      shows(seen.only(), {{"outcome", "refused"}, {"fast_open", true}, {"errno", ECONNREFUSED}}));
}

TEST_P(FastOpen, SynDropped) {
  drop_tcp(network(), kDark);
  const Recording seen = record(client(kDark));
  ASSERT_EQ(seen.target.status, 0) << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "timed_out_caller"},
                                  {"fast_open", true},
                                  {"tcp_state", 2},
                                  {"segs_in", 0},
                                  {"budget_source", "select"}}));
  EXPECT_TRUE(at_least(seen.only(), "syn_retransmits", 1));
  EXPECT_TRUE(took(seen.only(), "started_ns", "closed_ns", 1450ms, 1950ms));
}

std::string name_of(const testing::TestParamInfo<bool>& info) {
  return info.param ? "BySend" : "ByOption";
}

INSTANTIATE_TEST_SUITE_P(, FastOpen, testing::Bool(), name_of);

}  // namespace
}  // namespace sockwatch::netlab
