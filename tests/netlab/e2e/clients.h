// The real clients, each with the fixture that skips where it is missing.
#pragma once

#include <string>
#include <vector>

#include "tests/netlab/clients/commands.h"
#include "tests/netlab/lab/dns.h"
#include "tests/netlab/lab/far_side.h"
#include "tests/netlab/lab/faults.h"
#include "tests/netlab/lab/recording.h"
#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {

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
    return curl_get(host, port, options);
  }
};

class Wget : public Recorded {
 protected:
  Wget() : Recorded({"wget"}) {}
  static Words get(const std::string& host, std::uint16_t port, const Words& options = {}) {
    return wget_get(host, port, options);
  }
};

class Python : public Recorded {
 protected:
  Python() : Recorded({"python3"}) {}
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
    return requests_get(host, port, timeout);
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
  static Words program(const Words& arguments) { return java(arguments); }
  static Words socket(const std::string& host, std::uint16_t port, milliseconds timeout) {
    return java_socket(host, port, timeout);
  }
  static Words http(const std::string& host, std::uint16_t port, milliseconds connect,
                    milliseconds request) {
    return java_http(host, port, connect, request);
  }
};

class Node : public Recorded {
 protected:
  Node() : Recorded({"node"}) {}
  static Words get(const std::string& host, std::uint16_t port, milliseconds timeout) {
    return node_get(host, port, timeout);
  }
  static Words socket(const std::string& host, std::uint16_t port, milliseconds timeout) {
    return node_socket(host, port, timeout);
  }
};

class Waiter : public Recorded {
 protected:
  static Words connect(const std::string& manner, milliseconds timeout, const std::string& host,
                       std::uint16_t port) {
    return wait_connect(manner, timeout, host, port);
  }
};

}  // namespace sockwatch::netlab
