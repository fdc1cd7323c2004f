// One event of the target, decoded and checked: what the state machine works on. Also what tests
// write by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/support/fields.h"
#include "shim/wire/event.h"

namespace sockwatch {

template <>
inline constexpr bool kKeptAsBytes<wire::Payload> = true;
template <>
inline constexpr bool kKeptAsBytes<wire::TcpPicture> = true;
template <>
inline constexpr bool kKeptAsBytes<wire::WaitEntry> = true;
template <>
inline constexpr bool kKeptAsBytes<wire::Listening> = true;
template <>
inline constexpr bool kKeptAsBytes<wire::Event> = true;

}  // namespace sockwatch

namespace sockwatch::connect {

// The latest time and the longest wait there can be, 18 years after the machine started. Whoever
// forges an event cannot bring more in, so that times can be subtracted, and multiplied by ten,
// without a look at their size.
inline constexpr std::int64_t kMostNs = std::int64_t{1} << 59;
inline constexpr std::int64_t kNsPerMs = 1'000'000;

// A socket address in the words of the trace. IPv4-mapped IPv6 is already normalised to ipv4.
struct Address {
  std::string family;  // ipv4 | ipv6 | unix | other
  std::string
      text;  // "10.0.7.13", "fe80::1%eth0" without the scope name: "fe80::1", a path, "@abstract"
  std::uint16_t port = 0;
  auto fields() { return fields_are(family, text, port); }
  bool operator==(const Address&) const = default;
};

struct Observation {
  wire::Op op = wire::Op::none;
  std::uint16_t flags = 0;
  std::uint8_t detail = 0;
  int fd = -1;
  std::uint32_t tid = 0;
  std::int64_t t_ns = 0;         // the call returned (kBegin: is about to be made); 0 to kMostNs
  std::int64_t duration_ns = 0;  // 0 without kHasStart
  std::int64_t result = 0;
  int error = 0;
  wire::Payload payload{};
  std::optional<Address> peer;
  std::optional<Address> local;
  std::optional<wire::TcpPicture> tcp;
  std::vector<wire::WaitEntry> entries;
  std::optional<wire::Listening> listening;  // accept
  std::string name;                          // resolve
  std::string service;                       // resolve
  std::vector<std::string> addresses;        // resolve, as text, IPv4-mapped normalised

  auto fields() {
    return fields_are(op, flags, detail, fd, tid, t_ns, duration_ns, result, error, payload, peer,
                      local, tcp, entries, listening, name, service, addresses);
  }
  bool has(wire::Flag flag) const { return (flags & flag) != 0; }
  std::int64_t start_ns() const { return t_ns - duration_ns; }
};

}  // namespace sockwatch::connect
