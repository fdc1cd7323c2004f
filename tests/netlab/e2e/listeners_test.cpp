// The server's side: what is recorded of a socket that listens.
#include <gmock/gmock.h>

#include "tests/netlab/lab/recording.h"

namespace sockwatch::netlab {
namespace {

using namespace std::chrono_literals;

constexpr char kListen[] = R"(
def listen(backlog):
    server = socket.socket()
    server.bind(('127.0.0.1', 0))
    server.listen(backlog)
    return server
def connect(server, count):
    clients = []
    for _ in range(count):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(server.getsockname())
        clients.append(client)
    return clients
)";

class Listeners : public Recorded {
 protected:
  Listeners() : Recorded({"python3"}) {}
  static std::vector<std::string> server(const std::string& code) {
    return python(std::string(kListen) + code);
  }
};

const Json& only_listener(const Recording& seen) {
  const Json& rows = seen.report.at("listeners");
  if (rows.size() != 1) throw std::runtime_error("not one listener: " + rows.dump());
  return rows.front();
}

TEST_F(Listeners, QueueThatFilledWhileNobodyAccepted) {
  const Recording seen = record(server(R"(
server = listen(2)
clients = connect(server, 6)
time.sleep(0.4)
for _ in range(3): server.accept()[0].close()
server.close()
)"));
  const Json& row = only_listener(seen);
  EXPECT_TRUE(shows(row, {{"family", "ipv4"},
                          {"protocol", "tcp"},
                          {"local_address", "127.0.0.1"},
                          {"backlog", 2},
                          {"accepts", 3},
                          {"failures", 0},
                          {"queue_limit", 2},
                          {"queue_max", 2}}));
  EXPECT_TRUE(at_least(row, "full", 1));
  EXPECT_TRUE(between(row, "accept_gap_max_ns", 350e6, 30e9));
  EXPECT_TRUE(took(row, "started_ns", "first_full_ns", 400ms, 30s));
  EXPECT_TRUE(took(row, "started_ns", "closed_ns", 400ms, 30s));
  EXPECT_THAT(sockwatch({"report", seen.trace}).out, testing::HasSubstr("LISTENING"));
}

// Idle is not busy: nobody waited, however long nobody came.
TEST_F(Listeners, NobodyWaitedWhereNobodyCame) {
  const Recording seen = record(server(R"(
server = listen(8)
for _ in range(3):
    time.sleep(0.1)
    clients = connect(server, 1)
    server.accept()[0].close()
server.close()
)"));
  const Json& row = only_listener(seen);
  EXPECT_TRUE(shows(row, {{"accepts", 3}, {"full", 0}}));
  // A busy machine may have stopped the program between connect and accept, but not for so long.
  EXPECT_TRUE(row.at("accept_gap_max_ns").is_null() || row.at("accept_gap_max_ns") < 90e6) << row;
  EXPECT_THAT(sockwatch({"report", seen.trace}).out, testing::Not(testing::HasSubstr("LISTENING")));
}

TEST_F(Listeners, RunOutOfDescriptors) {
  const Recording seen = record(server(R"(
import resource
server = listen(8)
clients = connect(server, 1)
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (clients[-1].fileno() + 1, most))
for _ in range(500):
    try: server.accept()
    except OSError: pass
clients[0].close()
server.close()
)"));
  EXPECT_TRUE(shows(only_listener(seen), {{"accepts", 0}, {"failures", 500}}));
}

// Workers inherit the listener: each has a row of its own, the parent that never accepts has none.
TEST_F(Listeners, EachWorkerHasItsOwn) {
  const Recording seen = record(server(R"(
server = listen(8)
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        server.accept()[0].close()
        os._exit(0)
    children.append(child)
    clients = connect(server, 1)
    os.waitpid(child, 0)
)"));
  const Json& rows = seen.report.at("listeners");
  ASSERT_EQ(rows.size(), 2U) << rows.dump(1);
  EXPECT_NE(rows[0].at("process_id"), rows[1].at("process_id"));
  for (const Json& row : rows) {
    EXPECT_TRUE(shows(row, {{"accepts", 1}, {"backlog", nullptr}, {"queue_limit", 8}}));
  }
}

}  // namespace
}  // namespace sockwatch::netlab
