#include "viewer/render/word_wrap.h"

#include "viewer/render/clean_text.h"

namespace sockwatch::render {

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::size_t used = 0;
  bool line_has_word = false;
  // Leading spaces are the first line's indent.
  const std::size_t lead = std::min(text.find_first_not_of(' '), text.size());
  out.append(lead, ' ');
  used = lead;
  text.remove_prefix(lead);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view token = text.substr(0, end);
    const std::size_t needed = columns(token);
    if (line_has_word && used + 1 + needed > width) {
      out += '\n';
      out.append(indent, ' ');
      used = indent;
      line_has_word = false;
    }
    if (line_has_word) {
      out += ' ';
      ++used;
    }
    out += token;
    used += needed;
    line_has_word = true;
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  out += '\n';
  return out;
}

}  // namespace sockwatch::render
