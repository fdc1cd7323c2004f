#include "collector/support/clean_text.h"

#include <algorithm>
#include <array>

namespace sockwatch {
namespace {

struct Interval {
  char32_t first;
  char32_t last;
};

// Unicode 15: general categories Cc, Cf, Zl, Zp and what renders as nothing.
constexpr std::array<Interval, 20> kUnsafe = {{
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x0600, 0x0605},
    {0x061C, 0x061C}, {0x06DD, 0x06DD}, {0x070F, 0x070F}, {0x115F, 0x1160}, {0x17B4, 0x17B5},
    {0x180B, 0x180F}, {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
    {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF},
}};

bool is_unsafe(char32_t code) {
  return std::any_of(kUnsafe.begin(), kUnsafe.end(),
                     [&](Interval i) { return code >= i.first && code <= i.last; });
}

bool is_printable_ascii(char c) { return c >= 0x20 && c < 0x7F; }

void append_escaped(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

}  // namespace

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[length] || code > 0x10FFFF || surrogate) return {};
  return {code, length};
}

std::string clean(std::string_view text, bool ascii) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    // Nearly all text is nothing else.
    const auto* const other = std::find_if_not(text.begin(), text.end(), is_printable_ascii);
    const std::string_view plain = text.substr(0, static_cast<std::size_t>(other - text.begin()));
    out += plain;
    text.remove_prefix(plain.size());
    if (text.empty()) break;
    const Character c = first_character(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(c.length, 1));
    const bool harmless = c.length > 0 && !is_unsafe(c.code) && (c.code & 0xFFFE) != 0xFFFE;
    if (harmless && (!ascii || c.length == 1)) {
      out += bytes;
    } else {
      append_escaped(out, bytes);
    }
    text.remove_prefix(bytes.size());
  }
  return out;
}

}  // namespace sockwatch
