// A program behaves under the product as it does without: same streams, same exit status.
#include <gmock/gmock.h>

#include <csignal>
#include <regex>
#include <sstream>

#include "tests/netlab/e2e/clients.h"

namespace sockwatch::netlab {
namespace {

using testing::HasSubstr;

// Without our own lines and with the program's own measurements made equal. Which of two sentences
// curl has for a connect time-out depends on which of its own two timers it looks at first: bare
// curl says now one, now the other, so they count as one.
std::string comparable(const std::string& text) {
  static const std::regex milliseconds_told{"[0-9]+ (ms|milliseconds)"};
  static const std::regex curl_timed_out{
      "(Failed to connect to .* after N ms: (Timeout was reached|Connection timed out)|"
      "Connection timeout after N ms|Connection timed out after N ms)"};
  std::string kept;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("sockwatch:", 0) != 0) kept += line + "\n";
  }
  kept = std::regex_replace(kept, milliseconds_told, "N ms");
  return kept.find("(28)") == std::string::npos
             ? kept
             : std::regex_replace(kept, curl_timed_out, "connect timed out");
}

void expect_same(const Finished& bare, const Finished& recorded) {
  EXPECT_EQ(recorded.status, bare.status) << recorded.told();
  EXPECT_EQ(recorded.out, bare.out);
  EXPECT_EQ(comparable(recorded.err), comparable(bare.err));
}

TEST_F(Curl, SameSuccess) {
  const Server server = serve_tcp(network(), answering(std::string(200'000, 'x')));
  const Words words = get("127.0.0.1", server.port());
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Curl, SameRefusal) {
  const Words words = get("127.0.0.1", kDark);
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Curl, SameTimeOut) {
  drop_tcp(network(), kDark);
  const Words words = get("127.0.0.1", kDark, {"--connect-timeout", "0.5"});
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Wget, SameTimeOut) {
  drop_tcp(network(), kDark);
  const Words words = get("127.0.0.1", kDark, {"-T", "0.5"});
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Java, SameSuccess) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Words words = http("127.0.0.1", server.port(), 3s, 3s);
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Java, SameRefusal) {
  const Words words = http("127.0.0.1", kDark, 3s, 3s);
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Java, SameTimeOut) {
  drop_tcp(network(), kDark);
  const Words words = socket("127.0.0.1", kDark, 500ms);
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Node, SameSuccess) {
  const Server server = serve_tcp(network(), answering("hello"));
  const Words words = get("127.0.0.1", server.port(), 3s);
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Node, SameRefusal) {
  const Words words = get("127.0.0.1", kDark, 3s);
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Node, SameTimeOut) {
  drop_tcp(network(), kDark);
  const Words words = get("127.0.0.1", kDark, 500ms);
  expect_same(network().run({.argv = words}), record(words).target);
}

TEST_F(Python, EnvironmentAndDescriptorsStayAsTheyWere) {
  // The library stands in LD_PRELOAD, the product in names of its own, and sanitized programs are
  // told that it may come before their runtime. Nothing else changes.
  const std::string look =
      "ours = lambda k: k in ('LD_PRELOAD', 'ASAN_OPTIONS') or k.startswith('SOCKWATCH')\n"
      "print(sorted((k, v) for k, v in os.environ.items() if not ours(k)))\n"
      "print(sorted(os.listdir('/proc/self/fd')))\n"
      "print(open('/proc/self/status').read().count('Threads:\\t1'))\n"
      "print(os.getcwd(), os.umask(0o22), sys.stdin.read())\n";
  expect_same(network().run({.argv = python(look)}), record(python(look)).target);
}

TEST_F(Python, AnExistingPreloadIsKept) {
  const Recording seen =
      record(python("print(os.environ['LD_PRELOAD'])"), {{"LD_PRELOAD", "libm.so.6"}});
  EXPECT_THAT(seen.target.out, HasSubstr("libm.so.6"));
}

TEST_F(Curl, RunReportsOnStderrOnly) {
  const Server server = serve_tcp(network(), answering("hello"));
  Words words{"run", "-o", "trace.sockwatch", "--"};
  const Words client = get("127.0.0.1", server.port());
  words.insert(words.end(), client.begin(), client.end());
  const Finished seen = sockwatch(words);
  EXPECT_EQ(seen.status, 0) << seen.told();
  EXPECT_EQ(seen.out, "hello");
  EXPECT_THAT(seen.err, HasSubstr("sockwatch"));
  EXPECT_THAT(seen.err, HasSubstr(":" + std::to_string(server.port())));
}

TEST_F(Curl, RunTellsTheFailureAndKeepsTheStatus) {
  const Finished seen =
      sockwatch({"run", "-o", "trace.sockwatch", "--", "curl", "-sS", url("127.0.0.1", kDark)});
  EXPECT_EQ(seen.status, 7) << seen.told();
  EXPECT_EQ(seen.out, "");
  EXPECT_THAT(seen.err, HasSubstr("curl: (7)"));
  EXPECT_THAT(seen.err, HasSubstr(":7001"));
}

TEST_F(Recorded, StatusIsTheTargets) {
  EXPECT_EQ(sockwatch({"run", "-o", "t1", "--", "sh", "-c", "exit 7"}).status, 7);
  EXPECT_EQ(sockwatch({"record", "-o", "t2", "--", "sh", "-c", "exit 7"}).status, 7);
  EXPECT_EQ(sockwatch({"run", "-o", "t3", "--", "sh", "-c", "kill -KILL $$"}).status,
            128 + SIGKILL);
}

TEST_F(Recorded, AnExistingFileIsNotOverwritten) {
  const std::string precious = network().write_scratch("notes.txt", "not a trace");
  const Finished seen = sockwatch({"record", "-o", precious, "--", "touch", "ran"});
  EXPECT_EQ(seen.status, 125) << seen.told();
  EXPECT_EQ(network().run({.argv = {"cat", precious}}).out, "not a trace");
  EXPECT_NE(network().run({.argv = {"ls", "ran"}}).status, 0) << "the target ran unrecorded";
}

TEST_F(Recorded, OwnFailuresAreThoseOfEnv) {
  const Finished missing = sockwatch({"record", "-o", "t", "--", "/no/such/program"});
  EXPECT_EQ(missing.status, 127) << missing.told();
  EXPECT_THAT(missing.err, HasSubstr("sockwatch: "));
  const Finished forbidden = sockwatch({"record", "-o", "t", "--", "/etc/passwd"});
  EXPECT_EQ(forbidden.status, 126) << forbidden.told();
  const Finished no_file = sockwatch({"record", "-o", "/no/such/place/t", "--", "true"});
  EXPECT_EQ(no_file.status, 125) << no_file.told();
  EXPECT_THAT(no_file.err, HasSubstr("sockwatch: "));
}

TEST_F(Recorded, AMissingTraceIsAnErrorOfTwoLines) {
  const Finished seen = sockwatch({"report", "/no/such/trace"});
  EXPECT_EQ(seen.status, 125) << seen.told();
  EXPECT_EQ(seen.out, "");
  EXPECT_EQ(seen.err.rfind("sockwatch: ", 0), 0U) << seen.err;
}

}  // namespace
}  // namespace sockwatch::netlab
