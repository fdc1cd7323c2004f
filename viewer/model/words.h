// The words a trace uses for how a connection went, and what the viewer counts them as.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace sockwatch::model {

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

// Empty for a word this version does not know (a trace of a newer one).
std::optional<Outcome> parse_outcome(std::string_view text);
std::optional<Ending> parse_ending(std::string_view text);

// What the program asked for did not happen. Not among them: `superseded` and `cancelled`, where
// the program itself no longer wanted the connection, and `pending`, where nobody knows yet.
bool is_failure(Outcome outcome);
bool is_failure(Ending ending);

}  // namespace sockwatch::model
