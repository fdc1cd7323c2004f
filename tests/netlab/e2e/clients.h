// The real clients, each with the fixture that skips where it is missing and its command lines.
#pragma once

#include <string>
#include <vector>

#include "tests/netlab/lab/dns.h"
#include "tests/netlab/lab/far_side.h"
#include "tests/netlab/lab/faults.h"
#include "tests/netlab/lab/recording.h"
#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

inline std::string url(const std::string& host, std::uint16_t port) {
  return "http://" + host + ":" + std::to_string(port) + "/";
}

// Ports nobody listens on; tests drop or reject them.
inline constexpr std::uint16_t kDark = 7001;

// The caller's own limit in the time-out tests: after the first resend of the SYN (1.0 s), before
// the second (2.0 s or later), so that the number of resends is known.
inline constexpr milliseconds kPatience{1500};
inline constexpr double kPatienceNs = 1.5e9;

class Curl : public Recorded {
 protected:
  Curl() : Recorded({"curl"}) {}
  static Words get(const std::string& host, std::uint16_t port, const Words& options = {}) {
    Words words{"curl", "-sS", "--noproxy", "*"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(url(host, port));
    return words;
  }
};

class Wget : public Recorded {
 protected:
  Wget() : Recorded({"wget"}) {}
  static Words get(const std::string& host, std::uint16_t port, const Words& options = {}) {
    Words words{"wget", "-q", "-O", "-", "--tries=1", "--no-proxy"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(url(host, port));
    return words;
  }
};

class Python : public Recorded {
 protected:
  Python() : Recorded({"python3"}) {}
  static std::string at(const std::string& host, std::uint16_t port) {
    return "('" + host + "', " + std::to_string(port) + ")";
  }
};

class Requests : public Python {
 protected:
  void SetUp() override {
    Python::SetUp();
    if (IsSkipped()) return;
    if (network().run({.argv = {"python3", "-c", "import requests"}}).status != 0) {
      GTEST_SKIP() << "skipped, because python3-requests is not installed";
    }
  }
  static Words get(const std::string& host, std::uint16_t port, const std::string& timeout) {
    return python("import requests\nprint(requests.get('" + url(host, port) +
                  "', timeout=" + timeout + ").text)");
  }
};

class Java : public Recorded {
 protected:
  Java() : Recorded({"java"}) {}
  void SetUp() override {
    Recorded::SetUp();
    if (!IsSkipped() && std::string(NETLAB_JAVA_CLASSES).empty()) {
      GTEST_SKIP() << "skipped, because no Java compiler was there when the tests were built";
    }
  }
  // Small heap, one collector thread: many tests run at once.
  static Words program(const Words& arguments) {
    Words words{
        "java", "-Xshare:auto",     "-XX:+UseSerialGC", "-Xmx64m", "-XX:TieredStopAtLevel=1",
        "-cp",  NETLAB_JAVA_CLASSES};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
  }
  static Words socket(const std::string& host, std::uint16_t port, milliseconds timeout) {
    return program({"SocketConnect", host, std::to_string(port), std::to_string(timeout.count())});
  }
  static Words http(const std::string& host, std::uint16_t port, milliseconds connect,
                    milliseconds request) {
    return program({"HttpGet", url(host, port), std::to_string(connect.count()),
                    std::to_string(request.count())});
  }
};

class Node : public Recorded {
 protected:
  Node() : Recorded({"node"}) {}
  static Words get(const std::string& host, std::uint16_t port, milliseconds timeout) {
    return {"node", NETLAB_CLIENTS "/get.js", url(host, port), std::to_string(timeout.count())};
  }
  static Words socket(const std::string& host, std::uint16_t port, milliseconds timeout) {
    return {"node", NETLAB_CLIENTS "/connect.js", host, std::to_string(port),
            std::to_string(timeout.count())};
  }
};

// Our own small client, for each way of waiting.
class Waiter : public Recorded {
 protected:
  static Words connect(const std::string& manner, milliseconds timeout, const std::string& host,
                       std::uint16_t port) {
    return {NETLAB_CONNECT, manner, std::to_string(timeout.count()), host, std::to_string(port)};
  }
};

}  // namespace sockwatch::netlab
