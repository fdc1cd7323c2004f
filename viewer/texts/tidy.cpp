#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "viewer/texts/letters.h"
#include "viewer/texts/match.h"

namespace sockwatch::texts {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct Spelling {
  std::string_view written;
  char meant;
};

constexpr std::array kSpellings = {
    Spelling{"‘", '\''},      Spelling{"’", '\''},       Spelling{"“", '"'},
    Spelling{"”", '"'},       Spelling{"\xc2\xa0", ' '},  // a blank that does not break
    Spelling{"&quot;", '"'},  Spelling{"&#34;", '"'},    Spelling{"&#39;", '\''},
    Spelling{"&#039;", '\''}, Spelling{"&apos;", '\''},  Spelling{"&lt;", '<'},
    Spelling{"&gt;", '>'},    Spelling{"&amp;", '&'},    Spelling{"&nbsp;", ' '},
    Spelling{"#011", ' '},    Spelling{"#012", ' '},  // rsyslog's tab and end of line
    Spelling{"#033", '\x1b'}, Spelling{"^[[", '\x1b'},
};

struct Letter {
  char meant = 0;
  std::size_t length = 1;  // of what was written
};

// The code behind "\u" or "\x", if it is one of ASCII.
Letter coded(std::string_view digits, std::size_t before) {
  int code = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (!whole || code <= 0 || code > 0x7f) return {};
  return {static_cast<char>(code), before + digits.size()};
}

// A JSON string in a JSON string has its backslashes doubled.
Letter escaped(std::string_view text) {
  constexpr std::size_t kMostSlashes = 32;
  const std::size_t slashes = text.substr(0, kMostSlashes).find_first_not_of('\\');
  if (slashes == std::string_view::npos) return {};
  const std::string_view rest = text.substr(slashes);
  switch (rest.front()) {
    case '"':
    case '/':
    case '\'':
      return {rest.front(), slashes + 1};
    case 'n':
    case 'r':
    case 't':
      return {' ', slashes + 1};
    case 'e':
      return rest.starts_with("e[") ? Letter{'\x1b', slashes + 1} : Letter{};
    case '0':
      return rest.starts_with("033[") ? Letter{'\x1b', slashes + 3} : Letter{};
    case 'u':
      return rest.size() >= 5 ? coded(rest.substr(1, 4), slashes + 1) : Letter{};
    case 'x':
      return rest.size() >= 3 ? coded(rest.substr(1, 2), slashes + 1) : Letter{};
    default:
      return {};
  }
}

Letter next_letter(std::string_view text) {
  if (text.front() == '\\') {
    const Letter letter = escaped(text);
    return letter.meant == 0 ? Letter{'\\', 1} : letter;
  }
  for (const auto& [written, meant] : kSpellings) {
    if (written.front() == text.front() && text.starts_with(written)) {
      // Of "^[[" the last is the begin of the colour.
      return {meant, written == "^[[" ? written.size() - 1 : written.size()};
    }
  }
  return {text.front(), 1};
}

// How much of the text the colour behind an escape takes: "[1;31m".
std::size_t length_of_colour(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  std::size_t end = 1;
  while (end < text.size() && (is_digit(text[end]) || text[end] == ';' || text[end] == '?')) ++end;
  return end < text.size() && is_letter(text[end]) ? end + 1 : 0;
}

}  // namespace

std::string tidy(std::string_view said) {
  said = said.substr(0, kLongestText);
  std::string out;
  while (!said.empty()) {
    const Letter next = next_letter(said);
    said.remove_prefix(std::min(next.length, said.size()));
    if (next.meant == '\x1b') {
      said.remove_prefix(length_of_colour(said));
    } else if (!is_blank(next.meant)) {
      out += next.meant;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace sockwatch::texts
