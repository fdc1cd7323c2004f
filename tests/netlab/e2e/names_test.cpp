// Names: lookups that fail or take their time, and names with two addresses of which one is dark.
#include <gmock/gmock.h>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

constexpr const char* kResolver = "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n";

TEST_F(Curl, HappyEyeballsLoserIsSuperseded) {
  const Server server = serve_tcp(network(), answering("hello"));
  drop_tcp(network(), server.port(), "::1");
  hosts_file(network(), "::1 two.test\n127.0.0.1 two.test\n");
  const Recording seen = record(get("two.test", server.port()));
  EXPECT_EQ(seen.target.out, "hello") << seen.target.told();
  const auto rows = seen.all_to_port(server.port());
  ASSERT_EQ(rows.size(), 2U) << seen.told();
  EXPECT_TRUE(shows(rows[0], {{"peer_address", "::1"},
                              {"peer_name", "two.test"},
                              {"outcome", "superseded"},
                              {"family", "ipv6"},
                              {"segs_in", 0}}));
  EXPECT_TRUE(
      shows(rows[1],
            {{"peer_address", "127.0.0.1"}, {"peer_name", "two.test"}, {"outcome", "connected"}}));
  EXPECT_EQ(rows[0].at("resolution_id"), rows[1].at("resolution_id"));
  EXPECT_FALSE(rows[0].at("resolution_id").is_null());
}

TEST_F(Curl, NamesAreAttachedByAddress) {
  const Server server = serve_tcp(network(), answering("hello"), {.address = "127.0.0.5"});
  hosts_file(network(), "127.0.0.5 five.test\n");
  const Recording seen = record(get("five.test", server.port()));
  EXPECT_TRUE(shows(seen.only(), {{"peer_name", "five.test"}, {"outcome", "connected"}}));
  EXPECT_TRUE(shows(seen.resolution("five.test"), {{"count", 1}, {"failures", 0}}));
  EXPECT_EQ(seen.report.at("destinations").at(0).at("name"), "five.test");
}

TEST_F(Node, NamesAreAttachedThoughLookedUpOnAnotherThread) {
  const Server server = serve_tcp(network(), answering("hello"), {.address = "127.0.0.5"});
  hosts_file(network(), "127.0.0.5 five.test\n");
  const Recording seen = record(get("five.test", server.port(), 3s));
  EXPECT_TRUE(shows(seen.to_port(server.port()), {{"peer_name", "five.test"}}));
}

TEST_F(Java, NamesAreAttachedThoughTheSocketIsIpv6) {
  const Server server = serve_tcp(network(), answering("hello"), {.address = "127.0.0.5"});
  hosts_file(network(), "127.0.0.5 five.test\n");
  const Recording seen = record(socket("five.test", server.port(), 3s));
  EXPECT_TRUE(shows(seen.to_port(server.port()), {{"peer_name", "five.test"}}));
}

TEST_F(Curl, NameDoesNotExist) {
  const Server dns = serve_dns(network(), {});
  resolver(network(), kResolver);
  const Recording seen = record(get("none.test", 80));
  EXPECT_EQ(seen.target.status, 6) << seen.target.told();
  EXPECT_TRUE(seen.connections.empty()) << seen.told();
  EXPECT_TRUE(shows(seen.resolution("none.test"), {{"count", 1}, {"failures", 1}}));
}

TEST_F(Python, NameServerFails) {
  const Server dns = serve_dns(network(), {{"bad.test", {.manner = NameAnswer::Manner::servfail}}});
  resolver(network(), kResolver);
  const Recording seen = record(python("socket.create_connection(('bad.test', 80))"));
  EXPECT_TRUE(shows(seen.resolution("bad.test"), {{"count", 1}, {"failures", 1}}));
  EXPECT_TRUE(between(seen.resolution("bad.test").at("ms"), "max", 0, 900));
}

TEST_F(Curl, NameServerNeverAnswers) {
  const Server dns = serve_dns(network(), {{"mute.test", {.manner = NameAnswer::Manner::silence}}});
  resolver(network(), kResolver);
  const Recording seen = record(get("mute.test", 80));
  EXPECT_EQ(seen.target.status, 6) << seen.target.told();
  EXPECT_TRUE(shows(seen.resolution("mute.test"), {{"count", 1}, {"failures", 1}}));
  EXPECT_TRUE(between(seen.resolution("mute.test").at("ms"), "max", 950, 2500));
}

// By a thread of libc's, which the process does not wait for at its end.
TEST_F(Python, LookedUpMeanwhileAndGivenUp) {
  const Server dns = serve_dns(network(), {{"mute.test", {.manner = NameAnswer::Manner::silence}}});
  resolver(network(), "nameserver 127.0.0.53\noptions timeout:5 attempts:1\n");
  const Recording seen = record(python(R"(
import ctypes
class Request(ctypes.Structure):
    _fields_ = [('name', ctypes.c_char_p), ('service', ctypes.c_char_p), ('hints', ctypes.c_void_p),
                ('result', ctypes.c_void_p), ('own', ctypes.c_int * 6)]
class Time(ctypes.Structure):
    _fields_ = [('seconds', ctypes.c_long), ('nanoseconds', ctypes.c_long)]
libc = ctypes.CDLL(None)
asked = (ctypes.POINTER(Request) * 1)(ctypes.pointer(Request(b'mute.test', b'80')))
nowait = 1
print(libc.getaddrinfo_a(nowait, asked, 1, None))
libc.gai_suspend(asked, 1, ctypes.byref(Time(0, 400_000_000)))
)"));
  EXPECT_EQ(seen.target.out, "0\n") << seen.target.told();
  EXPECT_TRUE(shows(seen.resolution("mute.test"), {{"count", 1}, {"failures", 1}}));
  EXPECT_TRUE(between(seen.resolution("mute.test").at("ms"), "max", 390, 3000));
}

TEST_F(Wget, SlowLookup) {
  const Server dns = serve_dns(network(), {{"late.test", {.v4 = {"127.0.0.1"}, .delay = 600ms}}});
  resolver(network(), kResolver);
  const Server server = serve_tcp(network(), answering("hello"));
  const Recording seen = record(get("late.test", server.port()));
  EXPECT_EQ(seen.target.out, "hello") << seen.target.told();
  EXPECT_TRUE(shows(seen.resolution("late.test"), {{"count", 1}, {"failures", 0}}));
  EXPECT_TRUE(between(seen.resolution("late.test").at("ms"), "max", 590, 1100));
  EXPECT_TRUE(shows(seen.only(), {{"peer_name", "late.test"}, {"outcome", "connected"}}));
  EXPECT_TRUE(took(seen.only(), "started_ns", "decided_ns", 0s, 300ms));  // the lookup apart
}

TEST_F(Python, AaaaNeverAnswered) {
  const Server dns =
      serve_dns(network(), {{"half.test", {.v4 = {"127.0.0.1"}, .ignore_aaaa = true}}});
  resolver(network(), kResolver);
  const Recording seen = record(python("print(socket.getaddrinfo('half.test', 80)[0][4][0])"));
  EXPECT_TRUE(at_least(seen.resolution("half.test").at("ms"), "max", 950));
}

}  // namespace
}  // namespace sockwatch::netlab
