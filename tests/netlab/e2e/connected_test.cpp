// Connections that work: what is recorded of them, by each client's way of connecting.
#include <gmock/gmock.h>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

// What every answered request over TCP has to show.
enum class Ends { by_close, without_close };
void expect_answered(const Recording& recording, std::uint16_t port, Ends ends = Ends::by_close) {
  const Json& row = recording.to_port(port);
  EXPECT_TRUE(shows(row, {{"outcome", "connected"},
                          {"protocol", "tcp"},
                          {"errno", nullptr},
                          {"tcp_state", 1},
                          {"syn_retransmits", 0},
                          {"turns", 1}}));
  EXPECT_TRUE(at_least(row, "rtt_us", 1));
  // Where a program ends without a close nobody has counted at the end. Some do so now and then.
  if (ends == Ends::by_close) {
    EXPECT_FALSE(row.at("close_tcp_state").is_null()) << row;
  }
  if (!row.at("close_tcp_state").is_null()) {
    EXPECT_TRUE(at_least(row, "segs_in", 1));
    EXPECT_TRUE(at_least(row, "bytes_sent", 16));
    // Header and "hello": see answering(). Where the last reading cannot tell whether the peer's
    // FIN is among the bytes, the column is empty.
    if (!row.at("bytes_received").is_null()) {
      EXPECT_TRUE(shows(row, {{"bytes_received", 69}}));
    } else {
      EXPECT_THAT(row.at("close_tcp_state"), AnyOf(4, 5, 7)) << row;  // FIN_WAIT1, FIN_WAIT2, CLOSE
    }
  }
  // A thread may wait for a processor for a second and more on a busy machine.
  EXPECT_TRUE(took(row, "started_ns", "decided_ns", 0s, 5s));
  EXPECT_TRUE(took(row, "decided_ns", "noticed_ns", 0s, 5s));
  EXPECT_TRUE(took(row, "noticed_ns", "first_receive_ns", 0s, 5s));
  EXPECT_TRUE(took(row, "first_send_ns", "first_receive_ns", 0s, 5s));
  EXPECT_TRUE(took(row, "first_receive_ns", "closed_ns", 0s, 5s));
}

TEST_F(Curl, Connects) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(get("127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.out, "hello") << seen.target.told();
  expect_answered(seen, server.port());
  EXPECT_TRUE(shows(seen.only(), {{"family", "ipv4"},
                                  {"blocking", false},
                                  {"peer_address", "127.0.0.1"},
                                  {"local_address", "127.0.0.1"},
                                  {"ending", "closed"}}));
}

TEST_F(Curl, RowsHaveEveryColumn) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(get("127.0.0.1", server.port()));
  for (const char* column : {"id",
                             "process_id",
                             "tid",
                             "fd",
                             "cookie",
                             "family",
                             "protocol",
                             "blocking",
                             "peer_name",
                             "peer_address",
                             "peer_port",
                             "local_address",
                             "local_port",
                             "resolution_id",
                             "started_ns",
                             "decided_ns",
                             "noticed_ns",
                             "first_send_ns",
                             "first_receive_ns",
                             "closed_ns",
                             "outcome",
                             "ending",
                             "errno",
                             "budget_ns",
                             "budget_source",
                             "waits",
                             "expired_waits",
                             "tcp_state",
                             "syn_retransmits",
                             "retransmits",
                             "segs_out",
                             "segs_in",
                             "rtt_us",
                             "bytes_sent",
                             "bytes_received",
                             "turns",
                             "turn_total_ns",
                             "turn_max_ns"}) {
    EXPECT_TRUE(seen.only().contains(column)) << column;
  }
}

TEST_F(Curl, ConnectsOverIpv6) {
  const Server server = serve_tcp(network(), answering("hello"), {.address = "::1"});
  const Recording seen = record(get("[::1]", server.port()));
  expect_answered(seen, server.port());
  EXPECT_TRUE(shows(seen.only(), {{"family", "ipv6"}, {"peer_address", "::1"}}));
}

TEST_F(Wget, ConnectsBlocking) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(get("127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.out, "hello") << seen.target.told();
  expect_answered(seen, server.port(), Ends::without_close);
  EXPECT_TRUE(shows(seen.only(), {{"family", "ipv4"}, {"blocking", true}, {"ending", "closed"}}));
}

TEST_F(Requests, Connects) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(get("127.0.0.1", server.port(), "5"));
  EXPECT_EQ(seen.target.out, "hello\n") << seen.target.told();
  expect_answered(seen, server.port());
  EXPECT_TRUE(shows(seen.only(), {{"blocking", false}, {"ending", "closed"}}));
}

TEST_F(Python, AsyncioConnects) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen =
      record(python("import asyncio\n"
                    "async def main():\n"
                    "  r, w = await asyncio.open_connection" +
                    at("127.0.0.1", server.port()) +
                    "\n"
                    "  w.write(b'GET / HTTP/1.1\\r\\n\\r\\n'); print(await r.read(69)); w.close()\n"
                    "asyncio.run(main())\n"));
  EXPECT_THAT(seen.target.out, HasSubstr("200")) << seen.target.told();
  expect_answered(seen, server.port());
  EXPECT_TRUE(shows(seen.to_port(server.port()), {{"blocking", false}}));
}

TEST_F(Java, SocketIsIpv4ThoughItsSocketIsIpv6) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(socket("127.0.0.1", server.port(), 5s));
  EXPECT_EQ(seen.target.out, "reply\n") << seen.target.told();
  expect_answered(seen, server.port());
  EXPECT_TRUE(
      shows(seen.to_port(server.port()), {{"family", "ipv4"}, {"peer_address", "127.0.0.1"}}));
}

TEST_F(Java, HttpClientConnects) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(http("127.0.0.1", server.port(), 5s, 5s));
  EXPECT_EQ(seen.target.out, "200 hello\n") << seen.target.told();
  expect_answered(seen, server.port(), Ends::without_close);
  EXPECT_TRUE(shows(seen.to_port(server.port()),
                    {{"family", "ipv4"}, {"peer_address", "127.0.0.1"}, {"blocking", false}}));
}

TEST_F(Node, Connects) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(get("127.0.0.1", server.port(), 5s));
  EXPECT_EQ(seen.target.out, "200 hello\n") << seen.target.told();
  expect_answered(seen, server.port());
  EXPECT_TRUE(shows(seen.only(), {{"family", "ipv4"}, {"blocking", false}}));
}

TEST_F(Python, ManyConnectionsAreCountedOneByOne) {
  const Server server = serve_tcp(network(), echoing());
  const Recording seen =
      record(python("for i in range(300):\n"
                    "  s = socket.create_connection(" +
                    at("127.0.0.1", server.port()) +
                    ")\n"
                    "  s.sendall(b'x'); s.recv(1); s.close()\n"));
  EXPECT_EQ(seen.all_to_port(server.port()).size(), 300U);
  for (const Json& row : seen.connections) {
    EXPECT_TRUE(shows(row, {{"outcome", "connected"}, {"ending", "closed"}, {"turns", 1}}));
  }
  const Json& destination = seen.report.at("destinations").at(0);
  EXPECT_TRUE(shows(destination, {{"attempts", 300},
                                  {"connected", 300},
                                  {"closed", 300},
                                  {"protocol", "tcp"},
                                  {"port", server.port()}}));
  EXPECT_EQ(destination.at("connect_ms").at("count"), 300);
}

TEST_F(Python, TurnsOfAKeptConnectionAreCounted) {
  const Server server = serve_tcp(network(), echoing());
  const Recording seen =
      record(python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                    ")\n"
                    "for i in range(5):\n"
                    "  s.sendall(b'x'); s.sendall(b'y'); n = 0\n"
                    "  while n < 2: n += len(s.recv(9))\n"
                    "s.close()\n"));
  EXPECT_TRUE(shows(seen.only(), {{"turns", 5}, {"bytes_sent", 10}, {"bytes_received", 10}}));
}

TEST_F(Python, UnixSocket) {
  const std::string path = network().scratch() + "/service.sock";
  const Server server = serve_unix(network(), echoing(), path);
  const Recording seen = record(python("s = socket.socket(socket.AF_UNIX); s.connect('" + path +
                                       "')\n"
                                       "s.sendall(b'x'); print(s.recv(1)); s.close()\n"));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"},
                                  {"family", "unix"},
                                  {"protocol", "unix"},
                                  {"peer_address", path},
                                  {"ending", "closed"},
                                  {"turns", 1}}));
}

TEST_F(Python, ConnectedUdp) {
  const Server server = serve_udp_echo(network());
  const Recording seen =
      record(python("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(" +
                    at("127.0.0.1", server.port()) +
                    ")\n"
                    "s.send(b'hello'); print(s.recv(9)); s.close()\n"));
  EXPECT_TRUE(shows(seen.to_port(server.port()),
                    {{"outcome", "connected"}, {"family", "ipv4"}, {"protocol", "udp"}}));
}

TEST_F(Curl, HandshakeTimeIsTheRoundTrip) {
  const auto far = open_far_side(network(), 25ms);
  if (!far) GTEST_SKIP() << "skipped, because " << far.error().message;
  const Server server = serve_tcp(network(), answering("hello"), {.address = kNearAddress});
  const Recording seen = record(get(kFarAddress, server.port()));
  expect_answered(seen, server.port());
  EXPECT_TRUE(between(seen.only(), "rtt_us", 49'000, 250'000));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 49ms, 500ms));
  EXPECT_TRUE(at_least(seen.only(), "turn_max_ns", 49e6));
}

TEST_F(Curl, LostSynIsCounted) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_first_syns(network(), server.port(), 1);
  const Recording seen = record(get("127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.out, "hello") << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"}, {"syn_retransmits", 1}}));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 950ms, 1300ms));
}

TEST_F(Python, LostSynOfABlockingConnectIsCounted) {
  const Server server = serve_tcp(network(), echoing());
  drop_first_syns(network(), server.port(), 1);
  const Recording seen =
      record(python("socket.create_connection(" + at("127.0.0.1", server.port()) + ").close()"));
  EXPECT_TRUE(
      shows(seen.only(), {{"outcome", "connected"}, {"syn_retransmits", 1}, {"blocking", true}}));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 950ms, 1300ms));
}

}  // namespace
}  // namespace sockwatch::netlab
