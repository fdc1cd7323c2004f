// The words of columns `outcome` and `ending`: what the collector writes and the viewer reads.
// collector/connect/README.md says what decides each.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sockwatch::store {

// How the connect phase ended.
enum class Outcome : std::size_t {
  connected,
  refused,
  rejected,
  unreachable,
  timed_out_kernel,
  timed_out_caller,
  superseded,
  cancelled,
  reset,
  local_error,
  abandoned,
  pending,
  failed,
};
inline constexpr std::array<std::string_view, 13> kOutcomeWords = {
    "connected",        "refused",    "rejected",  "unreachable", "timed_out_kernel",
    "timed_out_caller", "superseded", "cancelled", "reset",       "local_error",
    "abandoned",        "pending",    "failed"};

// How a connection that was established ended.
enum class Ending : std::size_t {
  closed,
  peer_closed,
  reset,
  response_timed_out,
  no_response,
  open,
};
inline constexpr std::array<std::string_view, 6> kEndingWords = {
    "closed", "peer_closed", "reset", "response_timed_out", "no_response", "open"};

constexpr std::string_view word(Outcome outcome) {
  return kOutcomeWords[static_cast<std::size_t>(outcome)];
}
constexpr std::string_view word(Ending ending) {
  return kEndingWords[static_cast<std::size_t>(ending)];
}

}  // namespace sockwatch::store
