// The recording itself: processes that die, have children, or are recorded side by side.
#include <gmock/gmock.h>

#include <csignal>
#include <set>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(Python, KilledWhileConnectingIsAbandoned) {
  drop_tcp(network(), kDark);
  const std::string script = network().write_scratch(
      "connect.py", "import socket\nsocket.create_connection(" + at("127.0.0.1", kDark) + ")\n");
  const Recording seen =
      record({"sh", "-c", "python3 " + script + " & sleep 1.4; kill -KILL $!; wait $!"});
  EXPECT_EQ(seen.target.status, 128 + SIGKILL) << seen.target.told();
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "abandoned"}, {"ending", nullptr}}));
}

TEST_F(Python, NonBlockingConnectIsAbandonedWithItsProcess) {
  drop_tcp(network(), kDark);
  const Recording seen =
      record(python("s = socket.socket(); s.setblocking(False)\n"
                    "try: s.connect(" +
                    at("127.0.0.1", kDark) +
                    ")\n"
                    "except BlockingIOError: pass\n"
                    "os._exit(0)\n"));
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "abandoned"}}));
}

TEST_F(Python, EndedByASignalSaysSo) {
  const Recording seen = record(python("os.kill(os.getpid(), 15)"));
  EXPECT_EQ(seen.target.status, 128 + SIGTERM);
  EXPECT_TRUE(seen.connections.empty());
}

TEST_F(Curl, ChildrenAreFollowed) {
  const Server server = serve_tcp(network(), answering("hello"));
  const std::string get_it = "curl -sS " + url("127.0.0.1", server.port());
  const Recording seen = record({"sh", "-c", get_it + "; (" + get_it + " & wait); exit 5"});
  EXPECT_EQ(seen.target.status, 5);
  EXPECT_EQ(seen.all_to_port(server.port()).size(), 2U) << seen.told();
  EXPECT_NE(seen.connections.at(0).at("process_id"), seen.connections.at(1).at("process_id"));
  int clients = 0;
  for (const Json& process : seen.report.at("processes")) {
    if (process.at("exe").is_string() &&
        process.at("exe").get<std::string>().find("curl") != std::string::npos) {
      ++clients;
      EXPECT_TRUE(shows(process, {{"coverage", "preload"}}));
    }
  }
  EXPECT_EQ(clients, 2) << seen.report.at("processes").dump(2);
}

TEST_F(Python, ForkedChildHasConnectionsOfItsOwn) {
  const Server server = serve_tcp(network(), echoing());
  const Recording seen =
      record(python("def talk():\n"
                    "  s = socket.create_connection(" +
                    at("127.0.0.1", server.port()) +
                    ")\n"
                    "  s.sendall(b'x'); s.recv(1); s.close()\n"
                    "talk()\n"
                    "if os.fork() == 0: talk(); os._exit(0)\n"
                    "os.wait(); talk()\n"));
  const auto rows = seen.all_to_port(server.port());
  ASSERT_EQ(rows.size(), 3U) << seen.told();
  for (const Json& row : rows) EXPECT_TRUE(shows(row, {{"ending", "closed"}, {"turns", 1}}));
}

TEST_F(Python, ThreadsAreToldApart) {
  const Server server = serve_tcp(network(), echoing());
  const Recording seen =
      record(python("import threading\n"
                    "def talk():\n"
                    "  for i in range(20):\n"
                    "    s = socket.create_connection(" +
                    at("127.0.0.1", server.port()) +
                    ")\n"
                    "    s.sendall(b'x'); s.recv(1); s.close()\n"
                    "ts = [threading.Thread(target=talk) for i in range(8)]\n"
                    "[t.start() for t in ts]; [t.join() for t in ts]\n"));
  ASSERT_EQ(seen.all_to_port(server.port()).size(), 160U);
  std::set<Json> threads;
  for (const Json& row : seen.connections) {
    threads.insert(row.at("tid"));
    EXPECT_TRUE(shows(row, {{"outcome", "connected"}, {"ending", "closed"}, {"turns", 1}}));
  }
  EXPECT_EQ(threads.size(), 8U);
}

TEST_F(Curl, RecordingsSideBySideDoNotMeet) {
  const Server first = serve_tcp(network(), answering("one", 300ms));
  const Server second = serve_tcp(network(), answering("two", 300ms));
  Process one = start_recording("one.sockwatch", get("127.0.0.1", first.port()));
  Process two = start_recording("two.sockwatch", get("127.0.0.1", second.port()));
  const Recording seen_one = finish_recording("one.sockwatch", one);
  const Recording seen_two = finish_recording("two.sockwatch", two);
  EXPECT_TRUE(shows(seen_one.only(), {{"peer_port", first.port()}, {"outcome", "connected"}}));
  EXPECT_TRUE(shows(seen_two.only(), {{"peer_port", second.port()}, {"outcome", "connected"}}));
}

// What is left in shared memory, in the temporary directory, and beside the trace.
std::string leftovers(const Namespace& network) {
  return network
      .run({.argv = {"sh", "-c",
                     "ls -A /dev/shm; ls -A tmp; ls -A | grep -E 'trace.*-(wal|shm|journal)'"}})
      .out;
}

TEST_F(Curl, NothingIsLeftBehind) {
  const Server server = serve_tcp(network(), answering("hello"));
  record(get("127.0.0.1", server.port()));
  EXPECT_EQ(leftovers(network()), "");
}

TEST_F(Python, NothingIsLeftBehindByAKilledTarget) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen =
      record(python("socket.create_connection(" + at("127.0.0.1", server.port()) +
                    ")\n"
                    "os.kill(os.getpid(), 9)\n"));
  EXPECT_EQ(seen.target.status, 128 + SIGKILL);
  EXPECT_TRUE(shows(seen.only(), {{"outcome", "connected"}, {"ending", "closed"}}));
  EXPECT_EQ(leftovers(network()), "");
}

TEST_F(Curl, NothingIsLostOrUnseen) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(get("127.0.0.1", server.port()));
  for (const auto& [cause, count] : seen.report.at("losses").items()) EXPECT_EQ(count, 0) << cause;
  EXPECT_THAT(seen.report.at("not_seen"), IsEmpty()) << seen.report.at("not_seen").dump();
}

TEST_F(Recorded, StaticProgramIsNamedAsNotSeen) {
  const std::string source = network().write_scratch("still.c", "int main(void) { return 4; }\n");
  const Finished built = network().run({.argv = {"cc", "-static", "-o", "still", source}});
  if (built.status != 0) GTEST_SKIP() << "skipped, because no static program can be built here";
  const Recording seen = record({network().scratch() + "/still"});
  EXPECT_EQ(seen.target.status, 4);
  EXPECT_THAT(seen.report.at("not_seen").dump(), HasSubstr("static"));
  ASSERT_EQ(seen.report.at("processes").size(), 1U) << seen.report.dump(2);
  EXPECT_TRUE(shows(seen.report.at("processes").at(0), {{"coverage", "static"}}));
}

// Too short-lived for anybody who looks from outside.
TEST_F(Recorded, ShortLivedStaticChildIsNamedAsNotSeen) {
  const std::string source = network().write_scratch("still.c", "int main(void) { return 4; }\n");
  const Finished built = network().run({.argv = {"cc", "-static", "-o", "still", source}});
  if (built.status != 0) GTEST_SKIP() << "skipped, because no static program can be built here";
  const std::string still = network().scratch() + "/still";
  const Recording seen = record({"sh", "-c", still + "; " + still + "; exit 0"});
  EXPECT_EQ(seen.target.status, 0);
  EXPECT_EQ(seen.report.at("not_seen").size(), 2U) << seen.report.dump(2);
  for (const Json& process : seen.report.at("not_seen")) {
    EXPECT_TRUE(shows(process, {{"coverage", "static"}, {"exe", still}}));
  }
}

TEST_F(Curl, WithAScrubbedEnvironmentIsNotSeenAndNothingIsClaimed) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen =
      record({"env", "-i", "/usr/bin/curl", "-sS", url("127.0.0.1", server.port())});
  EXPECT_EQ(seen.target.out, "hello");
  EXPECT_THAT(seen.connections, IsEmpty());
  ASSERT_EQ(seen.report.at("processes").size(), 1U) << seen.report.dump(2);
  EXPECT_TRUE(shows(seen.report.at("processes").at(0),
                    {{"coverage", "no-env"}, {"exe", "/usr/bin/curl"}, {"exit_status", 0}}));
  EXPECT_THAT(seen.report.at("not_seen").dump(), HasSubstr("--follow-env"));
  EXPECT_THAT(seen.report.at("diagnoses").dump(), Not(HasSubstr("NOATTEMPT")));
}

}  // namespace
}  // namespace sockwatch::netlab
