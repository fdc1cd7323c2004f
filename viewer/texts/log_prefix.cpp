#include "viewer/texts/log_prefix.h"

#include <algorithm>
#include <array>
#include <string>

#include "viewer/texts/letters.h"

namespace sockwatch::texts {
namespace {

// "2026-11-24T14:42:13.123Z", "14:42:13,123", "+0000"
bool is_time(std::string_view word) {
  const bool plain = std::ranges::all_of(word, [](char c) {
    return is_digit(c) || std::string_view("-/:.,TtZz+").find(c) != std::string_view::npos;
  });
  const auto marks = std::ranges::count_if(word, [](char c) { return !is_digit(c); });
  return plain && is_digit(word.back() == 'Z' || word.back() == 'z' ? word[0] : word.back()) &&
         marks >= 1 && marks < static_cast<std::ptrdiff_t>(word.size());
}

bool is_level(std::string_view word) {
  constexpr std::array kLevels = {"error", "err",   "warn",  "warning", "info", "notice",
                                  "debug", "fatal", "panic", "crit",    "e",    "w"};
  while (!word.empty() && (word.back() == ':' || word.back() == '-')) word.remove_suffix(1);
  if (word.starts_with("level=")) word.remove_prefix(6);
  std::string lower(word);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::ranges::any_of(kLevels, [&](const char* level) { return lower == level; });
}

}  // namespace

std::size_t end_of_log_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (word.starts_with('[')) {
      const std::size_t bracket = text.find(']', at);
      if (bracket == std::string_view::npos) break;
      end = bracket + 1;
      if (end < text.size() && text[end] == ':') ++end;
    } else if (word != "-" && word != "|" && !is_time(word) && !is_level(word)) {
      break;
    }
    if (end >= text.size()) return at;  // nothing but a prefix
    at = end + (text[end] == ' ' ? 1 : 0);
  }
  return at;
}

}  // namespace sockwatch::texts
