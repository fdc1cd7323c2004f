// Somebody said no: the host, a filter on the way, or our own kernel.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

void expect_refused(const Json& row) {
  EXPECT_TRUE(shows(row, {{"outcome", "refused"}, {"errno", ECONNREFUSED}, {"ending", nullptr}}));
  EXPECT_TRUE(took(row, "started_ns", "decided_ns", 0s, 5s));
}

TEST_F(Curl, Refused) {
  const Recording seen = record(get("127.0.0.1", kDark));
  EXPECT_EQ(seen.target.status, 7) << seen.target.told();
  expect_refused(seen.only());
  EXPECT_TRUE(at_least(seen.only(), "segs_in", 1));  // the host is up and said no
  EXPECT_TRUE(shows(seen.report.at("destinations").at(0), {{"attempts", 1}, {"refused", 1}}));
}

TEST_F(Wget, Refused) {
  const Recording seen = record(get("127.0.0.1", kDark));
  EXPECT_EQ(seen.target.status, 4) << seen.target.told();
  expect_refused(seen.only());
}

TEST_F(Requests, Refused) { expect_refused(record(get("127.0.0.1", kDark, "3")).only()); }

TEST_F(Python, AsyncioRefused) {
  expect_refused(record(python("import asyncio\nasyncio.run(asyncio.open_connection" +
                               at("127.0.0.1", kDark) + ")"))
                     .to_port(kDark));
}

TEST_F(Java, SocketRefused) {
  expect_refused(record(socket("127.0.0.1", kDark, 3s)).to_port(kDark));
}

TEST_F(Java, HttpClientRefused) {
  const Recording seen = record(http("127.0.0.1", kDark, 3s, 3s));
  EXPECT_THAT(seen.target.out, testing::HasSubstr("ConnectException"));
  // The client may try again by itself; each try is a row.
  ASSERT_FALSE(seen.all_to_port(kDark).empty()) << seen.told();
  for (const Json& row : seen.all_to_port(kDark)) expect_refused(row);
}

TEST_F(Node, Refused) { expect_refused(record(get("127.0.0.1", kDark, 3s)).to_port(kDark)); }

TEST_F(Curl, RefusedByAFiltersReset) {
  reject_tcp(network(), kDark, "tcp reset");
  expect_refused(record(get("127.0.0.1", kDark)).only());
}

TEST_F(Curl, RejectedByIcmp) {
  reject_tcp(network(), kDark, "icmp host-unreachable");
  const Recording seen = record(get("127.0.0.1", kDark, {"--connect-timeout", "3"}));
  EXPECT_TRUE(
      shows(seen.only(), {{"outcome", "rejected"}, {"errno", EHOSTUNREACH}, {"ending", nullptr}}));
}

TEST_F(Python, BlockingConnectRejectedByIcmp) {
  reject_tcp(network(), kDark, "icmp net-unreachable");
  const Recording seen = record(python("socket.create_connection(" + at("127.0.0.1", kDark) + ")"));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "rejected"}, {"errno", ENETUNREACH}}));
}

TEST_F(Curl, RejectedByIcmpOverIpv6) {
  reject_tcp(network(), kDark, "icmpv6 admin-prohibited");
  const Recording seen = record(get("[::1]", kDark, {"--connect-timeout", "4"}));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "rejected"}, {"errno", EACCES}}));
  // On loopback the kernel passes the error on with the second SYN only.
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 0s, 1500ms));
}

TEST_F(Java, SocketRejectedByIcmp) {
  reject_tcp(network(), kDark, "icmp host-unreachable");
  const Recording seen = record(socket("127.0.0.1", kDark, 3s));
  EXPECT_TRUE(shows(seen.to_port(kDark), {{"outcome", "rejected"}, {"errno", EHOSTUNREACH}}));
}

TEST_F(Node, RejectedByIcmp) {
  reject_tcp(network(), kDark, "icmp host-unreachable");
  const Recording seen = record(socket("127.0.0.1", kDark, 3s));
  EXPECT_TRUE(shows(seen.to_port(kDark), {{"outcome", "rejected"}, {"errno", EHOSTUNREACH}}));
}

TEST_F(Curl, NoRoute) {
  const Recording seen = record(get(kNoRoute, 80));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "unreachable"}, {"errno", ENETUNREACH}}));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 0s, 100ms));
}

TEST_F(Python, NoRouteForABlockingConnect) {
  const Recording seen = record(python("socket.create_connection(" + at(kNoRoute, 80) + ")"));
  EXPECT_TRUE(
      shows(seen.only(), {{"outcome", "unreachable"}, {"errno", ENETUNREACH}, {"blocking", true}}));
}

TEST_F(Python, RoutesThatRefuse) {
  route_refusing(network(), "unreachable", "198.51.100.1");
  route_refusing(network(), "prohibit", "198.51.100.2");
  route_refusing(network(), "blackhole", "198.51.100.3");
  const Recording seen = record(
      python("for host, port in ('198.51.100.1', 81), ('198.51.100.2', 82), ('198.51.100.3', 83):\n"
             "  s = socket.socket(); s.settimeout(2)\n"
             "  try: s.connect((host, port))\n"
             "  except OSError as e: print(e.errno)\n"
             "  s.close()\n"));
  EXPECT_TRUE(shows(seen.to_port(81), {{"outcome", "unreachable"}, {"errno", EHOSTUNREACH}}));
  EXPECT_TRUE(shows(seen.to_port(82), {{"outcome", "unreachable"}, {"errno", EACCES}}));
  EXPECT_TRUE(shows(seen.to_port(83), {{"outcome", "local_error"}, {"errno", EINVAL}}));
}

TEST_F(Curl, NeighbourIsAbsent) {
  const std::string address = absent_neighbour(network());
  const Recording seen = record(get(address, 80, {"--connect-timeout", "6"}));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "rejected"}, {"errno", EHOSTUNREACH}}));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 2800ms, 3600ms));
}

TEST_F(Python, SourcePortsRunOut) {
  const Server server = serve_tcp(network(), silent());
  source_ports(network(), 41000, 41001);
  const Recording seen =
      record(python("held = []\n"
                    "try:\n"
                    "  for i in range(3): held.append(socket.create_connection(" +
                    at("127.0.0.1", server.port()) +
                    "))\n"
                    "except OSError as e: print(e.errno)\n"));
  const auto rows = seen.all_to_port(server.port());
  ASSERT_EQ(rows.size(), 3U) << seen.told();
  EXPECT_TRUE(shows(rows.at(0), {{"outcome", "connected"}}));
  EXPECT_TRUE(shows(rows.at(2), {{"outcome", "local_error"}, {"errno", EADDRNOTAVAIL}}));
}

TEST_F(Python, UnixSocketMissingStaleAndFull) {
  const std::string full = network().scratch() + "/full.sock";
  const std::string stale = network().scratch() + "/stale.sock";
  const std::string missing = network().scratch() + "/missing.sock";
  const Server queue = serve_full_unix_queue(network(), full);
  const Recording seen = record(python("socket.socket(socket.AF_UNIX).bind('" + stale +
                                       "')\n"
                                       "for path in '" +
                                       missing + "', '" + stale + "', '" + full +
                                       "':\n"
                                       "  s = socket.socket(socket.AF_UNIX); s.setblocking(False)\n"
                                       "  try: s.connect(path)\n"
                                       "  except OSError as e: print(e.errno)\n"
                                       "  s.close()\n"));
  ASSERT_EQ(seen.connections.size(), 3U) << seen.told();
  EXPECT_TRUE(shows(seen.connections[0],
                    {{"peer_address", missing}, {"outcome", "local_error"}, {"errno", ENOENT}}));
  EXPECT_TRUE(shows(seen.connections[1],
                    {{"peer_address", stale}, {"outcome", "refused"}, {"errno", ECONNREFUSED}}));
  EXPECT_TRUE(shows(seen.connections[2],
                    {{"peer_address", full}, {"outcome", "local_error"}, {"errno", EAGAIN}}));
}

TEST_F(Python, UdpPortNobodyServes) {
  const Recording seen = record(python(
      "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(" + at("127.0.0.1", kDark) +
      ")\n"
      "s.send(b'x')\n"
      "try: s.recv(9)\n"
      "except ConnectionRefusedError: print('refused')\n"
      "s.close()\n"));
  EXPECT_EQ(seen.target.out, "refused\n") << seen.target.told();
  // UDP has no handshake to refuse: the answer comes to the transfer.
  EXPECT_TRUE(shows(seen.to_port(kDark),
                    {{"outcome", "connected"}, {"protocol", "udp"}, {"errno", ECONNREFUSED}}));
}

}  // namespace
}  // namespace sockwatch::netlab
