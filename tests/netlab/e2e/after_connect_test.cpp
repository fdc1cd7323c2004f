// Connected, and then: silence, a slow answer, a reset, a close without a word.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cerrno>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

void expect_given_up(const Json& row) {
  EXPECT_TRUE(shows(row, {{"outcome", "connected"},
                          {"ending", "response_timed_out"},
                          {"tcp_state", 1},
                          {"bytes_received", 0},
                          {"turns", 0},
                          {"first_receive_ns", nullptr}}));
  EXPECT_TRUE(at_least(row, "expired_waits", 1));
  EXPECT_TRUE(took(row, "first_send_ns", "closed_ns", 1000ms, 10s));
}

// By a program that closes its socket before it ends: there is a picture of the end.
void expect_unanswered(const Json& row) {
  expect_given_up(row);
  EXPECT_TRUE(at_least(row, "bytes_sent", 16));
  EXPECT_TRUE(at_least(row, "segs_in", 2));  // the handshake, and the request was acknowledged
}

TEST_F(Curl, PeerStaysSilent) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(get("127.0.0.1", server.port(), {"-m", "1.5"}));
  EXPECT_EQ(seen.target.status, 28) << seen.target.told();
  expect_unanswered(seen.only());
  EXPECT_TRUE(shows(seen.only(), {{"budget_source", "poll"}}));
  EXPECT_TRUE(
      shows(seen.report.at("destinations").at(0), {{"connected", 1}, {"response_timed_out", 1}}));
}

void expect_half_a_reply(const Json& row) {
  EXPECT_TRUE(shows(row, {{"outcome", "connected"},
                          {"ending", "response_timed_out"},
                          {"reply_begun", true},
                          {"bytes_received", 48}}));
  EXPECT_TRUE(at_least(row, "expired_waits", 1));
  EXPECT_TRUE(between(row, "budget_ns", kPatienceNs * 0.8, kPatienceNs * 1.2));
}

TEST_F(Curl, ReplyStopsHalfWay) {
  const Server server = serve_tcp(network(), stopping_half_way());
  const Recording seen = record(get("127.0.0.1", server.port(), {"-m", "1.5"}));
  EXPECT_EQ(seen.target.status, 28) << seen.target.told();
  expect_half_a_reply(seen.only());
  EXPECT_TRUE(shows(seen.only(), {{"budget_source", "poll"}}));
}

TEST_F(Wget, ReplyStopsHalfWay) {
  const Server server = serve_tcp(network(), stopping_half_way());
  const Recording seen = record(get("127.0.0.1", server.port(), {"-T", "1.5", "-t", "1"}));
  expect_half_a_reply(seen.only());
  EXPECT_TRUE(shows(seen.only(), {{"budget_source", "select"}}));
}

TEST_F(Requests, ReplyStopsHalfWay) {
  const Server server = serve_tcp(network(), stopping_half_way());
  const Recording seen = record(get("127.0.0.1", server.port(), "1.5"));
  expect_half_a_reply(seen.only());
}

// With the kernel's own time-out, whose start is not read in the middle of a reply.
TEST_F(Waiter, RestOfReplyByReceiveTimeOut) {
  const Server server = serve_tcp(network(), stopping_half_way());
  const Recording seen = record(python(
      "import struct\ns = socket.create_connection(" + at("127.0.0.1", server.port()) +
      ")\ns.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack('ll', 1, 500000))\n"
      "s.send(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
      "try:\n  while s.recv(100): pass\n"
      "except OSError: s.close()\n"));
  expect_half_a_reply(seen.only());
  EXPECT_TRUE(shows(seen.only(), {{"budget_source", "SO_RCVTIMEO"}, {"budget_ns", 1'500'000'000}}));
}

// A connection that rests in the set of a loop, and is closed when the loop ends.
TEST_F(Waiter, ARestingConnectionWaitsForNothing) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen =
      record(python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                    ")\ns.send(b'GET / HTTP/1.0\\r\\n\\r\\n')\ns.recv(100)\np = select.poll()\n"
                    "p.register(s, select.POLLIN)\n"
                    "for tick in range(5): p.poll(100)\n"
                    "time.sleep(0.05)\ns.close()\n"));
  EXPECT_TRUE(shows(seen.only(), {{"ending", "closed"}, {"reply_begun", nullptr}}));
}

TEST_F(Wget, PeerStaysSilent) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(get("127.0.0.1", server.port(), {"-T", "1.5"}));
  expect_unanswered(seen.only());
}

TEST_F(Requests, PeerStaysSilent) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(get("127.0.0.1", server.port(), "1.5"));
  expect_unanswered(seen.only());
  EXPECT_TRUE(shows(seen.only(), {{"budget_source", "poll"}}));
  EXPECT_TRUE(between(seen.only(), "budget_ns", kPatienceNs * 0.95, kPatienceNs * 1.1));
}

TEST_F(Java, SocketMeetsSilence) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(socket("127.0.0.1", server.port(), kPatience));
  expect_unanswered(seen.to_port(server.port()));
  EXPECT_TRUE(shows(seen.to_port(server.port()), {{"budget_source", "poll"}}));
}

TEST_F(Java, HttpClientMeetsSilence) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(http("127.0.0.1", server.port(), kPatience, kPatience));
  EXPECT_THAT(seen.target.out, testing::HasSubstr("HttpTimeoutException")) << seen.target.told();
  // Its main thread ends the process, now and then before another has closed the socket.
  expect_given_up(seen.to_port(server.port()));
}

TEST_F(Node, PeerStaysSilent) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(get("127.0.0.1", server.port(), kPatience));
  expect_unanswered(seen.to_port(server.port()));
}

TEST_F(Waiter, ReceiveTimeOutOfTheSocket) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen = record(connect("rcvtimeo", kPatience, "127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.out, "connect 0\nreply EAGAIN\n") << seen.target.told();
  expect_unanswered(seen.only());
  EXPECT_TRUE(shows(seen.only(), {{"budget_source", "SO_RCVTIMEO"}, {"blocking", true}}));
  EXPECT_TRUE(between(seen.only(), "budget_ns", kPatienceNs, kPatienceNs));
}

TEST_F(Curl, AnswersLate) {
  const Server server = serve_tcp(network(), answering("late", 700ms));
  const Recording seen = record(get("127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.out, "late");
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"}, {"ending", "closed"}, {"turns", 1}}));
  EXPECT_TRUE(took(seen.only(), "first_send_ns", "first_receive_ns", 690ms, 1200ms));
  EXPECT_TRUE(between(seen.only(), "turn_max_ns", 690e6, 1200e6));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 0s, 200ms));
  EXPECT_TRUE(between(seen.report.at("destinations").at(0).at("first_byte_ms"), "max", 690, 1300));
}

TEST_F(Java, HttpClientWaitsForALateAnswer) {
  const Server server = serve_tcp(network(), answering("late", 700ms));
  const Recording seen = record(http("127.0.0.1", server.port(), 5s, 5s));
  EXPECT_EQ(seen.target.out, "200 late\n");
  const Json& row = seen.to_port(server.port());
  EXPECT_TRUE(shows(row, {{"outcome", "connected"}, {"turns", 1}}));
  EXPECT_TRUE(between(row, "turn_max_ns", 690e6, 1200e6));
}

TEST_F(Curl, ResetInsteadOfAnAnswer) {
  const Server server = serve_tcp(network(), resetting());
  const Recording seen = record(get("127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.status, 56) << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"},
                                  {"ending", "reset"},
                                  {"errno", ECONNRESET},
                                  {"bytes_received", 0}}));
}

TEST_F(Python, ResetInTheMiddleOfAnAnswer) {
  const Server server = serve_tcp(network(), resetting_after("half an ans"));
  const Recording seen =
      record(python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                    "); s.sendall(b'hello')\n"
                    "try:\n"
                    "  while s.recv(99): pass\n"
                    "except ConnectionResetError: print('reset')\n"
                    "s.close()\n"));
  EXPECT_EQ(seen.target.out, "reset\n");
  EXPECT_TRUE(
      shows(seen.only(),
            {{"ending", "reset"}, {"errno", ECONNRESET}, {"bytes_received", 11}, {"turns", 1}}));
}

TEST_F(Node, ResetInsteadOfAnAnswer) {
  const Server server = serve_tcp(network(), resetting());
  const Recording seen = record(get("127.0.0.1", server.port(), 3s));
  EXPECT_TRUE(shows(seen.to_port(server.port()), {{"outcome", "connected"}, {"ending", "reset"}}));
}

TEST_F(Curl, PeerClosesWithoutAWord) {
  const Server server = serve_tcp(network(), closing_unanswered());
  const Recording seen = record(get("127.0.0.1", server.port()));
  EXPECT_EQ(seen.target.status, 52) << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"},
                                  {"ending", "no_response"},
                                  {"errno", nullptr},
                                  {"bytes_received", 0}}));
}

TEST_F(Java, HttpClientMeetsACloseWithoutAWord) {
  const Server server = serve_tcp(network(), closing_unanswered());
  const Recording seen = record(http("127.0.0.1", server.port(), 3s, 3s));
  ASSERT_FALSE(seen.all_to_port(server.port()).empty()) << seen.told();
  for (const Json& row : seen.all_to_port(server.port())) {  // it may try again
    EXPECT_TRUE(shows(row, {{"outcome", "connected"}, {"ending", "no_response"}}));
  }
}

TEST_F(Python, PeerClosesAfterItsAnswer) {
  const Server server = serve_tcp(network(), [](int fd) {
    char request[64];
    if (recv(fd, request, sizeof request, 0) > 0) send(fd, "bye", 3, MSG_NOSIGNAL);
  });
  const Recording seen =
      record(python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                    "); s.sendall(b'hello')\n"
                    "while s.recv(99): pass\n"
                    "s.close()\n"));
  EXPECT_TRUE(shows(seen.only(), {{"ending", "peer_closed"}, {"bytes_received", 3}}));
}

// The kernel closes what a process leaves open.
TEST_F(Python, ClosedWhenTheProcessEnds) {
  const Server server = serve_tcp(network(), echoing());
  const Recording seen =
      record(python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                    "); s.sendall(b'x')\n"
                    "s.recv(1); os._exit(3)\n"));
  EXPECT_EQ(seen.target.status, 3);
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"}, {"ending", "closed"}, {"turns", 1}}));
}

TEST_F(Python, BytesSentAreNotDeniedWhenNobodyClosed) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen =
      record(python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                    "); s.sendall(b'hello')\n"
                    "time.sleep(0.2); os._exit(0)\n"));
  EXPECT_FALSE(seen.only().at("first_send_ns").is_null());
  EXPECT_NE(seen.only().at("bytes_sent"), 0) << seen.told();  // 5, or not known
}

// The kernel counts the end of a stream as a byte of it (tcpi_bytes_acked, tcpi_bytes_received).
TEST_F(Python, EndOfStreamIsNoByte) {
  const Server server = serve_tcp(network(), echoing());
  const Recording seen =
      record(python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                    "); s.sendall(b'hello')\n"
                    "s.recv(9); s.shutdown(socket.SHUT_WR)\n"
                    "s.recv(9); time.sleep(0.1); s.close()\n"));
  EXPECT_TRUE(shows(seen.only(), {{"bytes_sent", 5}, {"bytes_received", 5}, {"turns", 1}}));
}

TEST_F(Python, AsyncioMeetsSilence) {
  const Server server = serve_tcp(network(), silent());
  const Recording seen =
      record(python("import asyncio\n"
                    "async def main():\n"
                    "  r, w = await asyncio.open_connection" +
                    at("127.0.0.1", server.port()) +
                    "\n"
                    "  w.write(b'GET / HTTP/1.1\\r\\n\\r\\n')\n"
                    "  try: await asyncio.wait_for(r.read(1), 1.5)\n"
                    "  finally: w.close()\n"
                    "asyncio.run(main())\n"));
  expect_unanswered(seen.to_port(server.port()));
  EXPECT_TRUE(shows(seen.to_port(server.port()), {{"budget_source", "epoll"}}));
}

}  // namespace
}  // namespace sockwatch::netlab
