#include "viewer/texts/match.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "viewer/texts/letters.h"
#include "viewer/texts/log_prefix.h"

namespace sockwatch::texts {
namespace {

bool is_word(char c) { return is_digit(c) || is_letter(c); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool stands_for_others(char c) { return c == '#' || c == '?'; }

// As far as a part stands in the text letter for letter.
std::string_view letters_of(std::string_view part) {
  return part.substr(0, part.find_first_of("#?"));
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
    } else if (c == '?') {
      if (at >= text.size() || (!is_letter(text[at]) && text[at] != '-')) return std::nullopt;
      ++at;
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
  const std::string_view letters = letters_of(part);
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
    return text.find(letters_of(part)) != std::string_view::npos;
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
    found.weight +=
        part.size() - static_cast<std::size_t>(std::ranges::count_if(part, stands_for_others));
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
    const std::size_t begin = end_of_log_prefix(text);
    const bool same = end_of_part(pattern.text, text, begin) == text.size();
    return same ? Match{begin, text.size(), pattern.text.size()} : Match{};
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
  std::vector<Alternative> needs;  // empty: none
  bool shared = false;             // words of many programs
};

const std::vector<Pattern>& all_patterns() {
  static const std::vector<Pattern> all = [] {
    std::vector<Pattern> made;
    for (const ErrorText& text : all_texts()) {
      made.push_back({text, alternatives_of(text.pattern), {}, false});
      if (!text.needs.empty()) made.back().needs = alternatives_of(text.needs);
    }
    const std::size_t own = made.size() - shared_texts().size();
    for (std::size_t i = own; i < made.size(); ++i) made[i].shared = true;
    return made;
  }();
  return all;
}

struct Found {
  Match match;
  const Pattern* pattern;
};

bool tells_more(const Found& a, const Found& b) {
  const auto rank = [](const Found& found) {
    return std::pair(found.pattern->shared, found.pattern->text.meaning->vague);
  };
  return rank(a) != rank(b) ? rank(a) < rank(b) : a.match.weight > b.match.weight;
}

bool covers(const Match& outer, const Match& inner) {
  const bool same = outer.begin == inner.begin && outer.end == inner.end;
  return outer.begin <= inner.begin && outer.end >= inner.end &&
         (!same || outer.weight > inner.weight);
}

}  // namespace

Match match(std::string_view pattern, std::string_view tidied) {
  return best_match(alternatives_of(pattern), tidied, lowered(tidied));
}

std::vector<ErrorText> find_texts(std::string_view said) {
  const std::string tidied = tidy(said);
  const std::string in_lower = lowered(tidied);
  std::vector<Found> found;
  for (const Pattern& pattern : all_patterns()) {
    Match place = best_match(pattern.alternatives, tidied, in_lower);
    if (place.weight == 0) continue;
    if (!pattern.needs.empty()) {
      const Match needed = best_match(pattern.needs, tidied, in_lower);
      if (needed.weight == 0) continue;
      ++place.weight;  // before the same sentence without
    }
    found.push_back({place, &pattern});
  }
  std::ranges::stable_sort(found, tells_more);
  const bool told = !found.empty() && !found.front().pattern->text.meaning->vague;
  const bool by_a_program = told && !found.front().pattern->shared;
  std::vector<ErrorText> kept;
  for (auto one = found.begin(); one != found.end(); ++one) {
    if (by_a_program && one->pattern->shared) break;
    const ErrorText& text = one->pattern->text;
    const auto covers_it = [&](const Found& other) { return covers(other.match, one->match); };
    const auto knows_more = [&](const ErrorText& other) {
      return text.meaning->vague && other.printed_by == text.printed_by;
    };
    if (std::none_of(found.begin(), one, covers_it) && std::ranges::none_of(kept, knows_more)) {
      kept.push_back(text);
    }
  }
  return kept;
}

std::vector<ErrorText> all_texts() {
  std::vector<ErrorText> all;
  for (const auto& table :
       {go_texts(), command_texts(), java_texts(), python_texts(), node_texts(), dotnet_texts(),
        php_texts(), nginx_texts(), httpd_texts(), haproxy_texts(), envoy_texts(), postgres_texts(),
        mysql_texts(), redis_texts(), database_texts(), ruby_texts(), rust_texts(),
        shared_texts()}) {
    all.insert(all.end(), table.begin(), table.end());
  }
  return all;
}

}  // namespace sockwatch::texts
