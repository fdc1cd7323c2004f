// Each fault as a bare client sees it: if one of these fails, the lab is wrong, not the product.
#include <gmock/gmock.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/netlab/clients/commands.h"
#include "tests/netlab/lab/dns.h"
#include "tests/netlab/lab/far_side.h"
#include "tests/netlab/lab/faults.h"
#include "tests/netlab/lab/fixture.h"
#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {
namespace {

using testing::HasSubstr;

// No such process, or only its exit status is left for whoever adopted it.
bool gone(const std::string& pid) {
  std::ifstream state{"/proc/" + pid + "/stat"};
  const std::string line{std::istreambuf_iterator<char>{state}, {}};
  return line.empty() || line.find(") Z") != std::string::npos;
}

// Leaves a process in a session of its own, with no stream of ours; prints its number. It names
// itself, so that it has left our process group for certain.
const std::vector<std::string> kLeaveDaemon{
    "sh", "-c",
    "setsid sh -c 'echo $$ >daemon; exec sleep 1000' >/dev/null 2>&1 & "
    "until [ -s daemon ]; do sleep 0.01; done; cat daemon"};

bool soon(const std::function<bool()>& true_at_last) {
  for (int tries = 0; tries < 200; ++tries) {
    if (true_at_last()) return true;
    usleep(20'000);
  }
  return false;
}

class Fault : public Lab {
 protected:
  Fault() : Lab({"python3", "curl"}) {}

  // Connects within `limit`, then sends and reads once; prints "connected", or the name of the
  // errno, or "timeout"; after that "got N", "reset", "silence".
  Finished probe(const std::string& address, std::uint16_t port, double limit = 1.5) const {
    return network().run(
        {.argv = python(
             "import errno\n"
             "a, p, t = '" +
             address + "', " + std::to_string(port) + ", " + std::to_string(limit) +
             "\n"
             "s = socket.socket(socket.AF_INET6 if ':' in a else socket.AF_INET)\n"
             "s.settimeout(t or None)\n"
             "try: s.connect((a, p)); print('connected')\n"
             "except TimeoutError as e: print('ETIMEDOUT' if e.errno else 'timeout'); sys.exit()\n"
             "except OSError as e: print(errno.errorcode[e.errno]); sys.exit()\n"
             "try: s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n'); print('got', len(s.recv(9999)))\n"
             "except TimeoutError: print('silence')\n"
             "except ConnectionResetError: print('reset')\n")});
  }

  Finished look_up(const std::string& name) const {
    return network().run(
        {.argv = python(
             "try: print(' '.join(sorted({a[4][0] for a in socket.getaddrinfo('" + name +
             "', 80)})))\n"
             "except socket.gaierror as e: print({-2: 'NONAME', -3: 'AGAIN'}.get(e.errno, e))\n")});
  }
};

TEST_F(Fault, NoneLetsTrafficPass) {
  const Server v4 = serve_tcp(network(), answering("hello"));
  const Server v6 = serve_tcp(network(), answering("hello"), {.address = "::1"});
  EXPECT_THAT(probe("127.0.0.1", v4.port()).out, HasSubstr("connected\ngot "));
  EXPECT_THAT(probe("::1", v6.port()).out, HasSubstr("connected\ngot "));
}

TEST_F(Fault, DropIsSilence) {
  drop_tcp(network(), 7001);
  const Finished seen = probe("127.0.0.1", 7001);
  EXPECT_EQ(seen.out, "timeout\n") << seen.told();
  EXPECT_GE(seen.elapsed.count(), 1500);
}

TEST_F(Fault, DropCanMeanOneAddressOnly) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_tcp(network(), server.port(), "::1");
  EXPECT_EQ(probe("::1", server.port()).out, "timeout\n");
  EXPECT_THAT(probe("127.0.0.1", server.port()).out, HasSubstr("connected"));
}

TEST_F(Fault, WhatDoesNotLeaveThisHostIsSilence) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Server other = serve_tcp(network(), answering("hello"));
  drop_tcp_before_it_leaves(network(), server.port());
  EXPECT_EQ(probe("127.0.0.1", server.port()).out, "timeout\n");
  EXPECT_THAT(probe("127.0.0.1", other.port()).out, HasSubstr("connected"));
}

TEST_F(Fault, LostSynCostsASecond) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_first_syns(network(), server.port(), 1);
  const Finished first = probe("127.0.0.1", server.port(), 3);
  EXPECT_THAT(first.out, HasSubstr("connected")) << first.told();
  EXPECT_GE(first.elapsed.count(), 1000);
  EXPECT_LT(probe("127.0.0.1", server.port()).elapsed.count(), 900);
}

TEST_F(Fault, LostAnswerToASynCostsASecond) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_first_syn_acks(network(), server.port(), 1);
  EXPECT_GE(probe("127.0.0.1", server.port(), 3).elapsed.count(), 1000);
  EXPECT_LT(probe("127.0.0.1", server.port()).elapsed.count(), 900);
}

TEST_F(Fault, RejectSpeaksTheChosenErrno) {
  const std::vector<std::pair<std::string, std::string>> v4{
      {"tcp reset", "ECONNREFUSED"},
      {"icmp port-unreachable", "ECONNREFUSED"},
      {"icmp net-unreachable", "ENETUNREACH"},
      {"icmp host-unreachable", "EHOSTUNREACH"},
      {"icmp admin-prohibited", "EHOSTUNREACH"}};
  std::uint16_t port = 7100;
  for (const auto& [answer, expected] : v4) {
    reject_tcp(network(), ++port, answer);
    EXPECT_EQ(probe("127.0.0.1", port).out, expected + "\n") << answer;
  }
  reject_tcp(network(), ++port, "icmpv6 admin-prohibited");
  EXPECT_EQ(probe("::1", port, 3).out, "EACCES\n");
}

TEST_F(Fault, RoutesRefuseAtOnce) {
  route_refusing(network(), "unreachable", "198.51.100.1");
  route_refusing(network(), "prohibit", "198.51.100.2");
  route_refusing(network(), "blackhole", "198.51.100.3");
  EXPECT_EQ(probe("198.51.100.1", 80).out, "EHOSTUNREACH\n");
  EXPECT_EQ(probe("198.51.100.2", 80).out, "EACCES\n");
  EXPECT_EQ(probe("198.51.100.3", 80).out, "EINVAL\n");
  EXPECT_EQ(probe(kNoRoute, 80).out, "ENETUNREACH\n");
}

TEST_F(Fault, AbsentNeighbourTakesThreeSeconds) {
  const Finished seen = probe(absent_neighbour(network()), 80, 5);
  EXPECT_EQ(seen.out, "EHOSTUNREACH\n");
  EXPECT_GE(seen.elapsed.count(), 2800);
}

TEST_F(Fault, KernelGivesUp) {
  drop_tcp(network(), 7001);
  give_up_after_syn_retries(network(), 1);
  const Finished seen = probe("127.0.0.1", 7001, 0);
  EXPECT_EQ(seen.out, "ETIMEDOUT\n") << seen.told();
  EXPECT_GE(seen.elapsed.count(), 2900);
}

TEST_F(Fault, OneSourcePortIsForgotten) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_source_port(network(), server.port(), 41007);
  const auto from = [&](const std::string& port) {
    return network()
        .run({.argv = {"curl", "-s", "--local-port", port, "--connect-timeout", "0.8",
                       url("127.0.0.1", server.port())}})
        .status;
  };
  EXPECT_EQ(from("41007"), 28);
  EXPECT_EQ(from("41008"), 0);
}

TEST_F(Fault, SimultaneousSynsLoseAllButOne) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_simultaneous_syns(network(), server.port());
  const Finished seen = network().run(
      {.argv = python("def connect(count):\n"
                      "  all = [socket.socket() for i in range(count)]\n"
                      "  for s in all: s.setblocking(False); s.connect_ex(" +
                      at("127.0.0.1", server.port()) +
                      ")\n"
                      "  time.sleep(0.3); print(len(select.select([], all, [], 0)[1]))\n"
                      "connect(1); connect(1); connect(3)\n")});
  EXPECT_EQ(seen.out, "1\n1\n1\n") << seen.told();
}

TEST_F(Fault, LargePacketsVanishOneWay) {
  const auto far = open_far_side(network(), milliseconds{2});
  if (!far) GTEST_SKIP() << "skipped, because " << far.error().message;
  const Server small = serve_tcp(network(), answering("hello"), {.address = kNearAddress});
  const Server large =
      serve_tcp(network(), answering(std::string(3000, 'x')), {.address = kNearAddress});
  const auto status = [&](std::uint16_t port, const std::string& data) {
    return network()
        .run({.argv = {"curl", "-s", "-o", "/dev/null", "-m", "1", "-d", data,
                       url(kFarAddress, port)}})
        .status;
  };
  drop_large(network(), small.port(), Way::to_server);
  EXPECT_EQ(status(small.port(), "x"), 0);
  EXPECT_EQ(status(small.port(), std::string(3000, 'x')), 28);
  EXPECT_EQ(status(large.port(), std::string(3000, 'x')), 0);
  drop_large(network(), large.port(), Way::to_client);
  EXPECT_EQ(status(large.port(), "x"), 28);
}

TEST_F(Fault, Ipv6CanBeOff) {
  disable_ipv6(network());
  EXPECT_EQ(probe("::1", 7001).out, "EADDRNOTAVAIL\n");
}

TEST_F(Fault, SlowServerHasAQueueAndNobodyElseDoes) {
  const auto connected = [&](std::uint16_t port, double patience) {
    return network()
        .run({.argv = python("all = [socket.socket() for i in range(8)]\n"
                             "for s in all: s.setblocking(False); s.connect_ex(" +
                             at("127.0.0.1", port) + ")\ntime.sleep(" + std::to_string(patience) +
                             "); print(len(select.select([], all, [], 0)[1]))\n")})
        .out;
  };
  const Server nobody = serve_nobody(network(), 2);
  const Server slow = serve_slowly(network(), silent(), 2, milliseconds{200});
  EXPECT_EQ(connected(nobody.port(), 0.3), "3\n");
  EXPECT_EQ(connected(nobody.port(), 1.5), "0\n");
  EXPECT_NE(connected(slow.port(), 2.5), "0\n");
}

TEST_F(Fault, FullQueueLooksLikeADrop) {
  const Server full = serve_full_queue(network());
  EXPECT_EQ(probe("127.0.0.1", full.port()).out, "timeout\n");
}

TEST_F(Fault, SourcePortsRunOut) {
  const Server server = serve_tcp(network(), silent());
  source_ports(network(), 41000, 41001);
  const Finished seen = network().run(
      {.argv = python("import errno\nheld = []\n"
                      "try:\n"
                      "  for i in range(5): held.append(socket.create_connection(('127.0.0.1', " +
                      std::to_string(server.port()) +
                      ")))\n"
                      "except OSError as e: print(len(held), errno.errorcode[e.errno])\n")});
  EXPECT_EQ(seen.out, "2 EADDRNOTAVAIL\n") << seen.told();
}

TEST_F(Fault, ServersMisbehaveAsTold) {
  const Server mute = serve_tcp(network(), silent());
  const Server closer = serve_tcp(network(), closing_unanswered());
  const Server resetter = serve_tcp(network(), resetting());
  const Server slow = serve_tcp(network(), answering("late", milliseconds{500}));
  EXPECT_THAT(probe("127.0.0.1", mute.port(), 0.5).out, HasSubstr("silence"));
  EXPECT_THAT(probe("127.0.0.1", closer.port()).out, HasSubstr("got 0"));
  EXPECT_THAT(probe("127.0.0.1", resetter.port()).out, HasSubstr("reset"));
  const Finished late = probe("127.0.0.1", slow.port());
  EXPECT_THAT(late.out, HasSubstr("got "));
  EXPECT_GE(late.elapsed.count(), 500);
}

TEST_F(Fault, ServersResetAtOnceAndCloseAndDoNotRead) {
  const Server resetter = serve_tcp(network(), resetting_at_once());
  const Server once = serve_tcp(network(), answering_once("hello", milliseconds{300}));
  const Server full = serve_tcp(network(), never_reading());
  const Finished reset = network().run(
      {.argv = python("s = socket.create_connection(" + at("127.0.0.1", resetter.port()) +
                      "); time.sleep(0.2)\nprint(s.getsockopt(socket.SOL_SOCKET, 4))\n")});
  EXPECT_EQ(reset.out, "104\n") << reset.told();
  const Finished closed =
      network().run({.argv = python("s = socket.create_connection(" + at("127.0.0.1", once.port()) +
                                    "); s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')\n"
                                    "print(len(s.recv(9999)) > 5, len(s.recv(9999)))\n")});
  EXPECT_EQ(closed.out, "True 0\n") << closed.told();
  const Server closing = serve_tcp(network(), answering_and_closing("hello"));
  EXPECT_THAT(network().run({.argv = curl_get("127.0.0.1", closing.port(), {"-i"})}).out,
              testing::AllOf(HasSubstr("Connection: close"), HasSubstr("hello")));
  const Finished stuck =
      network().run({.argv = python("s = socket.create_connection(" + at("127.0.0.1", full.port()) +
                                    "); s.settimeout(0.5)\n"
                                    "try: s.sendall(bytes(50_000_000))\n"
                                    "except TimeoutError: print('stuck')\n")});
  EXPECT_EQ(stuck.out, "stuck\n") << stuck.told();
}

TEST_F(Fault, NamesFailAsTold) {
  const Server dns =
      serve_dns(network(), {{"both.test", {.v4 = {"127.0.0.1"}, .v6 = {"::1"}}},
                            {"broken.test", {.manner = NameAnswer::Manner::servfail}},
                            {"mute.test", {.manner = NameAnswer::Manner::silence}},
                            {"lossy.test", {.v4 = {"127.0.0.1"}, .lose_first = 2}},
                            {"late.test", {.v4 = {"127.0.0.1"}, .delay = milliseconds{400}}}});
  resolver(network(), "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n");
  EXPECT_EQ(look_up("lossy.test").out, "AGAIN\n");
  EXPECT_EQ(look_up("lossy.test").out, "127.0.0.1\n");
  EXPECT_EQ(look_up("both.test").out, "127.0.0.1 ::1\n");
  EXPECT_EQ(look_up("none.test").out, "NONAME\n");
  EXPECT_EQ(look_up("broken.test").out, "AGAIN\n");
  const Finished mute = look_up("mute.test");
  EXPECT_EQ(mute.out, "AGAIN\n");
  EXPECT_GE(mute.elapsed.count(), 1000);
  const Finished late = look_up("late.test");
  EXPECT_EQ(late.out, "127.0.0.1\n");
  EXPECT_GE(late.elapsed.count(), 400);
}

TEST_F(Fault, HostsFileIsPrivate) {
  hosts_file(network(), "127.0.0.9 only.here.test\n");
  EXPECT_EQ(look_up("only.here.test").out, "127.0.0.9\n");
  std::ifstream outside{"/etc/hosts"};
  const std::string text{std::istreambuf_iterator<char>{outside}, {}};
  EXPECT_THAT(text, testing::Not(HasSubstr("only.here.test")));
}

TEST_F(Fault, FarSideIsFarInBothDirections) {
  const auto far = open_far_side(network(), milliseconds{25});
  if (!far) GTEST_SKIP() << "skipped, because " << far.error().message;
  const Server server = serve_tcp(network(), answering("hello"), {.address = kNearAddress});
  const Finished seen = network().run(
      {.argv = python("t = time.monotonic()\n"
                      "s = socket.create_connection(('" +
                      std::string(kFarAddress) + "', " + std::to_string(server.port()) +
                      "))\n"
                      "print(round((time.monotonic() - t) * 1000))\n"
                      "s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n'); print(len(s.recv(9999)) > 5)\n")});
  ASSERT_EQ(seen.status, 0) << seen.told();
  EXPECT_THAT(seen.out, HasSubstr("True"));
  EXPECT_GE(std::stoi(seen.out), 50);
  EXPECT_LT(std::stoi(seen.out), 500);
}

TEST_F(Fault, TimeLimitEndsAWholeGroup) {
  const Finished seen = network().run(
      {.argv = {"sh", "-c", "sleep 1000 & echo started; sleep 1000"}, .limit = milliseconds{300}});
  EXPECT_TRUE(seen.timed_out);
  EXPECT_EQ(seen.status, 128 + SIGKILL);
  EXPECT_EQ(seen.out, "started\n");
  EXPECT_LT(seen.elapsed.count(), 2000);
}

TEST_F(Fault, NothingOutlivesTheNamespace) {
  std::string scratch;
  std::string pid;
  {
    auto inner = Namespace::create();
    ASSERT_TRUE(inner);
    scratch = inner->scratch();
    pid = inner->run({.argv = kLeaveDaemon}).out;
    pid.pop_back();
    ASSERT_FALSE(gone(pid));
    ASSERT_TRUE(std::filesystem::exists(scratch));
  }
  EXPECT_TRUE(soon([&] { return gone(pid); }));
  EXPECT_FALSE(std::filesystem::exists(scratch));
}

TEST_F(Fault, OwnersDeathClearsUpToo) {
  const auto note = network().write_scratch("note", "");
  const pid_t owner = fork();
  if (owner == 0) {
    auto inner = Namespace::create();
    if (inner)
      std::ofstream{note} << inner->scratch() << "\n" << inner->run({.argv = kLeaveDaemon}).out;
    kill(getpid(), SIGKILL);
  }
  waitpid(owner, nullptr, 0);
  std::ifstream read{note};
  std::string scratch;
  std::string pid;
  ASSERT_TRUE(std::getline(read, scratch) && std::getline(read, pid));
  EXPECT_TRUE(soon([&] { return !std::filesystem::exists(scratch); }));
  EXPECT_TRUE(soon([&] { return gone(pid); }));
}

}  // namespace
}  // namespace sockwatch::netlab
