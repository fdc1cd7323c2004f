#include "viewer/render/clean_text.h"

#include <algorithm>
#include <array>

namespace sockwatch::render {
namespace {

struct Interval {
  char32_t first;
  char32_t last;
};

constexpr std::array<Interval, 12> kCombining = {{
    {0x0300, 0x036F},
    {0x0483, 0x0489},
    {0x0591, 0x05BD},
    {0x0610, 0x061A},
    {0x064B, 0x065F},
    {0x0900, 0x0902},
    {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A},
    {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF},
    {0x20D0, 0x20FF},
    {0xFE20, 0xFE2F},
}};

constexpr std::array<Interval, 9> kWide = {{
    {0x1100, 0x115F},
    {0x2E80, 0x303E},
    {0x3041, 0xA4CF},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF01, 0xFF60},
    {0x1F300, 0x1FAFF},
    {0x20000, 0x3FFFD},
}};

template <std::size_t N>
bool within(const std::array<Interval, N>& intervals, char32_t code) {
  return std::any_of(intervals.begin(), intervals.end(),
                     [&](Interval i) { return code >= i.first && code <= i.last; });
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text.front()) < 0x80) {  // nearly all text
      ++sum;
      text.remove_prefix(1);
      continue;
    }
    const Character c = first_character(text);
    if (!within(kCombining, c.code)) sum += within(kWide, c.code) ? 2 : 1;
    text.remove_prefix(std::max<std::size_t>(c.length, 1));
  }
  return sum;
}

}  // namespace sockwatch::render
