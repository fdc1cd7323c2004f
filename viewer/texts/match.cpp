#include "viewer/texts/match.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "viewer/texts/letters.h"

namespace sockwatch::texts {
namespace {

bool is_word(char c) { return is_digit(c) || is_letter(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

// The end of `part` if it stands at `at`.
std::optional<std::size_t> end_of_part(std::string_view part, std::string_view text,
                                       std::size_t at) {
  if (is_word(part.front()) && at > 0 && is_word(text[at - 1]) && is_word(text[at])) {
    return std::nullopt;
  }
  for (const char c : part) {
    if (c == '#') {
      if (at >= text.size() || !is_digit(text[at])) return std::nullopt;
      while (at < text.size() && is_digit(text[at])) ++at;
    } else {
      if (at >= text.size() || text[at] != c) return std::nullopt;
      ++at;
    }
  }
  const bool ends_inside_word = is_word(part.back()) && at < text.size() && is_word(text[at]);
  if (ends_inside_word) return std::nullopt;
  return at;
}

// The first place of `part` in text[from, until].
std::optional<std::pair<std::size_t, std::size_t>> find_part(std::string_view part,
                                                             std::string_view text,
                                                             std::size_t from, std::size_t until) {
  // As far as it stands there letter for letter.
  const std::string_view letters = part.substr(0, part.find('#'));
  for (std::size_t at = from; at < text.size() && at <= until; ++at) {
    if ((at = text.find(letters, at)) > until) break;
    if (const auto end = end_of_part(part, text, at)) return std::pair(at, *end);
  }
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t next = text.find(separator, at);
    parts.push_back(text.substr(at, next == std::string_view::npos ? next : next - at));
    at = next == std::string_view::npos ? next : next + separator.size();
  }
  return parts;
}

// Whether each part may stand anywhere: most do not, and to find that out is quick.
bool may_hold(std::string_view text, const std::vector<std::string_view>& parts) {
  return std::ranges::all_of(parts, [&](std::string_view part) {
    return text.find(part.substr(0, part.find('#'))) != std::string_view::npos;
  });
}

// The parts in their order, the first at or after `from`.
Match match_parts(const std::vector<std::string_view>& parts, std::string_view text,
                  std::size_t from) {
  Match found;
  std::size_t at = from;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto place = find_part(parts[i], text, at, i == 0 ? text.size() : at + kGap);
    if (!place) return {.begin = i == 0 ? text.size() : found.begin};
    if (i == 0) found.begin = place->first;
    found.end = at = place->second;
  }
  for (const std::string_view part : parts) {
    found.weight += part.size() - static_cast<std::size_t>(std::ranges::count(part, '#'));
  }
  return found;
}

// Of a pattern, taken apart.
struct Alternative {
  explicit Alternative(std::string_view pattern) {
    literal = pattern.starts_with('!');
    if (literal) pattern.remove_prefix(1);
    whole = pattern.starts_with('=');
    if (whole) pattern.remove_prefix(1);
    text = pattern;
    parts = split(pattern, "*");
  }

  bool literal = false;  // as it stands, not in any case
  bool whole = false;    // all of the text
  std::string_view text;
  std::vector<std::string_view> parts;
};

std::vector<Alternative> alternatives_of(std::string_view pattern) {
  std::vector<Alternative> all;
  for (const std::string_view one : split(pattern, " || ")) all.emplace_back(one);
  return all;
}

Match match_alternative(const Alternative& pattern, std::string_view as_said,
                        std::string_view in_lower) {
  const std::string_view text = pattern.literal ? as_said : in_lower;
  if (pattern.whole) {
    return text == pattern.text ? Match{0, text.size(), text.size()} : Match{};
  }
  if (!may_hold(text, pattern.parts)) return {};
  // A sentence can stand twice in a text, and only the second time go on as the pattern does.
  for (std::size_t from = 0; from < text.size();) {
    const Match found = match_parts(pattern.parts, text, from);
    if (found.weight > 0) return found;
    from = found.begin + 1;
  }
  return {};
}

Match best_match(const std::vector<Alternative>& alternatives, std::string_view as_said,
                 std::string_view in_lower) {
  Match best;
  for (const Alternative& alternative : alternatives) {
    const Match found = match_alternative(alternative, as_said, in_lower);
    if (found.weight > best.weight) best = found;
  }
  return best;
}

struct Pattern {
  ErrorText text;
  std::vector<Alternative> alternatives;
};

const std::vector<Pattern>& all_patterns() {
  static const std::vector<Pattern> all = [] {
    std::vector<Pattern> made;
    for (const ErrorText& text : all_texts()) made.push_back({text, alternatives_of(text.pattern)});
    return made;
  }();
  return all;
}

}  // namespace

std::string tidy(std::string_view said) {
  constexpr std::array<std::pair<std::string_view, char>, 7> kQuotes = {{{"‘", '\''},
                                                                         {"’", '\''},
                                                                         {"“", '"'},
                                                                         {"”", '"'},
                                                                         {"\\\"", '"'},
                                                                         {"\\n", ' '},
                                                                         {"\\t", ' '}}};
  said = said.substr(0, kLongestText);
  std::string out;
  while (!said.empty()) {
    char next = said.front();
    std::size_t length = 1;
    for (const auto& [quote, plain] : kQuotes) {
      if (quote.front() != said.front() || !said.starts_with(quote)) continue;
      next = plain;
      length = quote.size();
      break;
    }
    said.remove_prefix(length);
    if (!is_blank(next)) {
      out += next;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

Match match(std::string_view pattern, std::string_view tidied) {
  return best_match(alternatives_of(pattern), tidied, lowered(tidied));
}

std::vector<ErrorText> find_texts(std::string_view said) {
  const std::string tidied = tidy(said);
  const std::string in_lower = lowered(tidied);
  std::vector<std::pair<Match, ErrorText>> found;
  for (const Pattern& pattern : all_patterns()) {
    const Match place = best_match(pattern.alternatives, tidied, in_lower);
    if (place.weight > 0) found.emplace_back(place, pattern.text);
  }
  std::ranges::stable_sort(
      found, [](const auto& a, const auto& b) { return a.first.weight > b.first.weight; });
  std::vector<ErrorText> kept;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Match& place = found[i].first;
    const auto says_it_all = [&](const auto& other) {
      return other.first.weight > place.weight && other.first.begin <= place.begin &&
             other.first.end >= place.end;
    };
    if (std::none_of(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(i), says_it_all)) {
      kept.push_back(found[i].second);
    }
  }
  return kept;
}

std::vector<ErrorText> all_texts() {
  std::vector<ErrorText> all;
  for (const auto& table :
       {go_texts(), command_texts(), java_texts(), python_texts(), node_texts(), dotnet_texts(),
        php_texts(), nginx_texts(), haproxy_texts(), envoy_texts(), database_texts(), ruby_texts(),
        rust_texts(), system_texts()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

}  // namespace sockwatch::texts
