// The command lines of the clients.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sockwatch::netlab {

using std::chrono::milliseconds;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

inline std::string url(const std::string& host, std::uint16_t port) {
  return "http://" + host + ":" + std::to_string(port) + "/";
}

inline Words curl_get(const std::string& host, std::uint16_t port, const Words& options = {}) {
  Words words{"curl", "-sS", "--noproxy", "*"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(url(host, port));
  return words;
}

inline Words wget_get(const std::string& host, std::uint16_t port, const Words& options = {}) {
  Words words{"wget", "-q", "-O", "-", "--tries=1", "--no-proxy"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(url(host, port));
  return words;
}

// A Python program, with the modules the tests use.
inline Words python(const std::string& code) {
  return {"python3", "-c", "import os, select, socket, sys, time\n" + code};
}

// ('host', port), as Python wants it.
inline std::string at(const std::string& host, std::uint16_t port) {
  return "('" + host + "', " + std::to_string(port) + ")";
}

inline Words requests_get(const std::string& host, std::uint16_t port, const std::string& timeout) {
  return python("import requests\nprint(requests.get('" + url(host, port) +
                "', timeout=" + timeout + ").text)");
}

// Small heap, one collector thread: many tests run at once.
inline Words java(const Words& arguments) {
  Words words{"java", "-Xshare:auto",     "-XX:+UseSerialGC", "-Xmx64m", "-XX:TieredStopAtLevel=1",
              "-cp",  NETLAB_JAVA_CLASSES};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

inline Words java_socket(const std::string& host, std::uint16_t port, milliseconds timeout) {
  return java({"SocketConnect", host, std::to_string(port), std::to_string(timeout.count())});
}

inline Words java_http(const std::string& host, std::uint16_t port, milliseconds connect,
                       milliseconds request) {
  return java({"HttpGet", url(host, port), std::to_string(connect.count()),
               std::to_string(request.count())});
}

inline Words node_get(const std::string& host, std::uint16_t port, milliseconds timeout) {
  return {"node", NETLAB_CLIENTS "/get.js", url(host, port), std::to_string(timeout.count())};
}

inline Words node_socket(const std::string& host, std::uint16_t port, milliseconds timeout) {
  return {"node", NETLAB_CLIENTS "/connect.js", host, std::to_string(port),
          std::to_string(timeout.count())};
}

// Our own small client, for each way of waiting.
inline Words wait_connect(const std::string& manner, milliseconds timeout, const std::string& host,
                          std::uint16_t port) {
  return {NETLAB_CONNECT, manner, std::to_string(timeout.count()), host, std::to_string(port)};
}

}  // namespace sockwatch::netlab
