#include "viewer/model/words.h"

#include <algorithm>
#include <array>

namespace sockwatch::model {
namespace {

template <typename Enum, std::size_t N>
std::optional<Enum> find_word(const std::array<std::string_view, N>& words, std::string_view text) {
  const auto at = std::find(words.begin(), words.end(), text);
  if (at == words.end()) return std::nullopt;
  return static_cast<Enum>(at - words.begin());
}

}  // namespace

std::optional<Outcome> parse_outcome(std::string_view text) {
  return find_word<Outcome>(kOutcomeWords, text);
}

std::optional<Ending> parse_ending(std::string_view text) {
  return find_word<Ending>(kEndingWords, text);
}

bool is_failure(Outcome outcome) {
  switch (outcome) {
    case Outcome::connected:
    case Outcome::superseded:
    case Outcome::cancelled:
    case Outcome::pending:
      return false;
    default:
      return true;
  }
}

bool is_failure(Ending ending) {
  return ending == Ending::reset || ending == Ending::response_timed_out ||
         ending == Ending::no_response;
}

}  // namespace sockwatch::model
