// Traffic with which nothing is wrong gets no error and no warning: near and 80 ms away, on an idle
// and on a busy machine.
#include <gmock/gmock.h>

#include <charconv>
#include <cstdlib>
#include <list>
#include <thread>

#include "tests/netlab/clients/commands.h"
#include "tests/netlab/incidents/matrix.h"
#include "tests/netlab/lab/far_side.h"
#include "tests/netlab/lab/recording.h"
#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {
namespace {

constexpr int kAtOnce = 20;

// Connections of one test, of which there are 20. NETLAB_HEALTHY=2000 makes it 10,000 for each of
// the four circumstances.
int connections() {
  const char* wanted = std::getenv("NETLAB_HEALTHY");
  return wanted == nullptr ? 75 : std::max(1, std::atoi(wanted));
}

struct Many {
  std::string client;
  // `count` GETs, each on a connection of its own, kAtOnce at a time.
  Words (*get)(const std::string& host, std::uint16_t port, int count);
  // Who ends a connection. Only curl would use it again.
  bool server_closes = false;
};

// Several programs, each with ten addresses.
Words in_parallel(const std::string& client, const std::string& host, std::uint16_t port,
                  int count) {
  return {"sh", "-c",
          "seq " + std::to_string(count) + " | sed 's|^|" + url(host, port) + "|' | xargs -P " +
              std::to_string(kAtOnce) + " -n 10 " + client};
}

Words curl_many(const std::string& host, std::uint16_t port, int count) {
  return in_parallel("curl -sS --noproxy '*'", host, port, count);
}

Words wget_many(const std::string& host, std::uint16_t port, int count) {
  return in_parallel("wget -q -O /dev/null --no-http-keep-alive --tries=1", host, port, count);
}

Words python_many(const std::string& host, std::uint16_t port, int count) {
  return python(
      "import http.client\nfrom concurrent.futures import ThreadPoolExecutor\n"
      "def get(i):\n"
      "  c = http.client.HTTPConnection" +
      at(host, port) +
      "\n"
      "  c.timeout = 10; c.request('GET', '/'); c.getresponse().read(); c.close()\n"
      "list(ThreadPoolExecutor(" +
      std::to_string(kAtOnce) + ").map(get, range(" + std::to_string(count) + ")))\n");
}

Words java_many(const std::string& host, std::uint16_t port, int count) {
  return java({"ManyGets", url(host, port), std::to_string(count), std::to_string(kAtOnce)});
}

Words node_many(const std::string& host, std::uint16_t port, int count) {
  return {"node", NETLAB_CLIENTS "/many.js", url(host, port), std::to_string(count),
          std::to_string(kAtOnce)};
}

struct Circumstances {
  const char* name;
  bool far = false;
  bool busy = false;
};

// What CTest shows of a test.
void PrintTo(const Many& many, std::ostream* out) { *out << many.client; }
void PrintTo(const Circumstances& where, std::ostream* out) { *out << where.name; }

class Healthy : public Recorded,
                public testing::WithParamInterface<std::tuple<Many, Circumstances>> {
 protected:
  void SetUp() override {
    Recorded::SetUp();
    if (IsSkipped()) return;
    const std::string client = std::get<0>(GetParam()).client;
    if (find_program(client).empty())
      GTEST_SKIP() << "skipped, because " << client << " is missing";
    if (client == "java" && std::string(NETLAB_JAVA_CLASSES).empty()) {
      GTEST_SKIP() << "skipped, because no Java compiler was there when the tests were built";
    }
  }

  // Two busy programs for each processor.
  void make_busy() {
    for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
      busy_.push_back(network().start({.argv = {"sh", "-c", "while :; do :; done"}}));
    }
  }

 private:
  std::list<Process> busy_;
};

TEST_P(Healthy, HasNoErrorAndNoWarning) {
  const auto& [client, circumstances] = GetParam();
  std::optional<Server> far;
  if (circumstances.far) {
    auto opened = open_far_side(network(), milliseconds{40});
    if (!opened) GTEST_SKIP() << "skipped, because " << opened.error().message;
    far.emplace(std::move(*opened));
  }
  const Server server = serve_tcp(
      network(), client.server_closes ? answering_and_closing("hello") : answering("hello"),
      {.address = "0.0.0.0"});
  if (circumstances.busy) make_busy();
  const std::string host = circumstances.far ? kFarAddress : "127.0.0.1";
  const Recorder recorder(network());
  Process running = recorder.start(
      {.argv = client.get(host, server.port(), connections()), .limit = std::chrono::minutes{5}});
  const Finished done = running.wait();
  ASSERT_EQ(done.status, 0) << done.told();
  const Finished told = recorder.sockwatch({"report", "trace.sockwatch", "--json"});
  ASSERT_EQ(told.status, 0) << told.told();
  const Json report = Json::parse(told.out);
  int connected = 0;
  for (const Json& place : report.at("destinations")) connected += place.at("connected").get<int>();
  EXPECT_GE(connected, connections());
  for (const auto& [cause, count] : report.at("losses").items()) {
    if (cause == "late") continue;  // nothing lost, only out of order
    EXPECT_EQ(count, 0) << cause;
  }
  for (const Found& found : findings_of(report)) {
    EXPECT_FALSE(found.accuses()) << found.rule << " " << found.severity << " " << found.confidence
                                  << ": " << found.summary << done.told();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Traffic, Healthy,
    testing::Combine(testing::Values(Many{"curl", curl_many, true}, Many{"wget", wget_many},
                                     Many{"python3", python_many}, Many{"java", java_many},
                                     Many{"node", node_many}),
                     testing::Values(Circumstances{"near"}, Circumstances{"far", true, false},
                                     Circumstances{"near_busy", false, true},
                                     Circumstances{"far_busy", true, true})),
    [](const auto& test) {
      return std::get<0>(test.param).client + "_" + std::get<1>(test.param).name;
    });

}  // namespace
}  // namespace sockwatch::netlab
