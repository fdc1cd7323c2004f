// A connection that a pool keeps and uses again, and what had become of it meanwhile.
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <thread>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

// One answer on a connection that may be used again, then `end` 300 ms later.
Conversation answering_once(std::function<void(int fd)> end) {
  return [end = std::move(end)](int fd) {
    char request[4096];
    if (recv(fd, request, sizeof request, 0) <= 0) return;
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nkept";
    if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    std::this_thread::sleep_for(300ms);
    end(fd);
  };
}

void leave(int) {}
void reset(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

constexpr double kPauseNs = 1.2e9;

class Pooled : public Python {
 protected:
  // Two requests over one connection, `pause` seconds apart.
  static Words twice(std::uint16_t port, const std::string& pause, const std::string& timeout) {
    return python(
        "import http.client, time\n"
        "c = http.client.HTTPConnection('127.0.0.1', " +
        std::to_string(port) + ", timeout=" + timeout +
        ")\n"
        "c.request('GET', '/'); print(c.getresponse().read())\n"
        "time.sleep(" +
        pause +
        ")\n"
        "try: c.request('GET', '/'); print(c.getresponse().read())\n"
        "except Exception as e: print(type(e).__name__)\n"
        "c.close()\n");
  }
};

TEST_F(Pooled, StillGood) {
  const Server server = serve_tcp(network(), answering("kept"));
  const Recording seen = record(twice(server.port(), "1.2", "5"));
  EXPECT_EQ(seen.target.out, "b'kept'\nb'kept'\n") << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"send_tcp_state", TCP_ESTABLISHED},
                                  {"turns", 2},
                                  {"interrupted", false},
                                  {"errno", nullptr}}));
  EXPECT_TRUE(between(seen.only(), "idle_ns", kPauseNs * 0.99, kPauseNs * 3));
  EXPECT_EQ(seen.only().at("idle_answered_ns"), seen.only().at("idle_ns"));
}

TEST_F(Pooled, UsedAgainAtOnce) {
  const Server server = serve_tcp(network(), answering("kept"));
  const Recording seen = record(twice(server.port(), "0", "5"));
  EXPECT_TRUE(shows(seen.only(), {{"send_tcp_state", nullptr}, {"turns", 2}}));
  EXPECT_TRUE(between(seen.only(), "idle_ns", 1, 0.9e9));
}

TEST_F(Pooled, ClosedByThePeerMeanwhile) {
  const Server server = serve_tcp(network(), answering_once(leave));
  const Recording seen = record(twice(server.port(), "1.2", "5"));
  EXPECT_THAT(seen.target.out, testing::HasSubstr("RemoteDisconnected")) << seen.target.told();
  EXPECT_TRUE(
      shows(seen.only(),
            {{"send_tcp_state", TCP_CLOSE_WAIT}, {"turns", 1}, {"idle_answered_ns", nullptr}}));
  EXPECT_TRUE(at_least(seen.only(), "idle_ns", kPauseNs * 0.99));
}

TEST_F(Pooled, ResetMeanwhile) {
  const Server server = serve_tcp(network(), answering_once(reset));
  const Recording seen = record(twice(server.port(), "1.2", "5"));
  EXPECT_THAT(seen.target.out, testing::HasSubstr("ConnectionResetError")) << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"send_tcp_state", TCP_CLOSE},
                                  {"errno", ECONNRESET},
                                  {"ending", "reset"},
                                  {"close_tcp_state", TCP_CLOSE}}));
  EXPECT_TRUE(at_least(seen.only(), "idle_ns", kPauseNs * 0.99));
}

// The path forgot the connection: what is sent is dropped without a word.
TEST_F(Pooled, DroppedOnTheWayMeanwhile) {
  const Server server = serve_tcp(network(), answering("kept"));
  const Words words = python("s = socket.create_connection(" + at("127.0.0.1", server.port()) +
                             ")\n"
                             "s.setsockopt(socket.IPPROTO_TCP, 18, 1500)\n"  // TCP_USER_TIMEOUT
                             "s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n'); s.recv(999)\n"
                             "open('answered', 'w').close()\n"
                             "while not os.path.exists('dropped'): time.sleep(0.02)\n"
                             "time.sleep(1.2)\n"
                             "s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')\n"
                             "try: s.recv(999)\n"
                             "except OSError as e: print(e.errno)\n"
                             "s.close()\n");
  Process client = start_recording("trace.sockwatch", words);
  network().run({.argv = {"sh", "-c",
                          "for i in $(seq 200); do [ -e answered ] && exit 0; sleep 0.05; done"}});
  drop_tcp(network(), server.port());
  network().write_scratch("dropped", "");
  const Recording seen = finish_recording("trace.sockwatch", client);
  EXPECT_TRUE(shows(seen.only(), {{"send_tcp_state", TCP_ESTABLISHED},
                                  {"errno", ETIMEDOUT},
                                  {"ending", "response_timed_out"},
                                  {"budget_source", "TCP_USER_TIMEOUT"},
                                  {"idle_answered_ns", nullptr}}));
}

}  // namespace
}  // namespace sockwatch::netlab
