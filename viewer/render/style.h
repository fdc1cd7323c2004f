// How text is to look. Chosen once per command, passed to everything that makes text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sockwatch::render {

struct TextStyle {
  int width = 100;     // columns
  bool ascii = false;  // nothing beyond ASCII
  bool color = false;
  std::string file;  // the trace, as the person named it: for commands to copy. Empty: say FILE
};

inline std::size_t width_of(const TextStyle& style) {
  return static_cast<std::size_t>(style.width);
}

struct Glyphs {
  std::string_view none;  // a cell with nothing in it
  std::string_view range;
  std::string_view dash;
  std::string_view arrow;
  std::string_view more;
};

constexpr Glyphs glyphs(const TextStyle& style) {
  if (style.ascii) return {"-", "-", "--", "->", "..."};
  return {"–", "–", "—", "→", "…"};
}

enum class Tone { plain, heading, bad, faint };

// `text` in a tone; unchanged without colour.
inline std::string toned(std::string_view text, Tone tone, const TextStyle& style) {
  if (!style.color || tone == Tone::plain || text.empty()) return std::string(text);
  const std::string_view code = tone == Tone::heading ? "1" : tone == Tone::bad ? "1;31" : "2";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace sockwatch::render
