// A name server that can be told to fail.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {

struct NameAnswer {
  enum class Manner { addresses, servfail, silence };
  Manner manner = Manner::addresses;
  std::vector<std::string> v4 = {};
  std::vector<std::string> v6 = {};
  std::chrono::milliseconds delay{0};
  bool ignore_aaaa = false;  // A is answered, AAAA never
  int lose_first = 0;        // so many queries for the name get no answer, those after them do
};

// Names not in the zone get NXDOMAIN. UDP port 53 of `address` (any 127.0.0.x).
Server serve_dns(const Namespace& network, std::map<std::string, NameAnswer> zone,
                 const std::string& address = "127.0.0.53");

}  // namespace sockwatch::netlab
