#include "viewer/render/labelled.h"

#include <algorithm>
#include <array>
#include <utility>

#include "viewer/render/clean_text.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {

Labelled::Labelled(std::size_t indent, const TextStyle& style) : indent_(indent), style_(style) {}

void Labelled::add_label(std::string_view label) {
  text_ += toned(label, Tone::heading, style_);
  text_.append(indent_ - std::min(indent_, columns(label)), ' ');
}

void Labelled::paragraph(std::string_view label, std::string_view text) {
  if (text.empty()) return;
  // Wrapped with blanks in place of the label, which may be coloured.
  const std::string padded = std::string(indent_, ' ') + own_words(text, style_);
  add_label(label);
  text_ += wrapped(padded, static_cast<std::size_t>(style_.width), indent_).substr(indent_);
}

void Labelled::line(std::string_view label, std::string_view text) {
  add_label(label);
  text_ += own_words(text, style_) + "\n";
}

void Labelled::item(std::string_view label, std::string_view mark, std::string_view text) {
  add_label(label);
  text_ += mark;
  const std::size_t indent = indent_ + columns(mark);
  const std::string padded = std::string(indent, ' ') + own_words(text, style_);
  text_ += wrapped(padded, static_cast<std::size_t>(style_.width), indent).substr(indent);
}

void Labelled::list(std::string_view label, const std::vector<std::string>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) item(i == 0 ? label : "", "- ", items[i]);
}

void Labelled::numbered(std::string_view label, const std::vector<std::string>& items) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    item(i == 0 ? label : "", std::to_string(i + 1) + ". ", items[i]);
  }
}

std::string own_words(std::string_view text, const TextStyle& style) {
  if (!style.ascii) return std::string(text);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kPlain = {{{"–", "-"},
                                                                                    {"—", "--"},
                                                                                    {"→", "->"},
                                                                                    {"…", "..."},
                                                                                    {"≥", ">="},
                                                                                    {"≤", "<="},
                                                                                    {"×", "x"},
                                                                                    {"±", "+-"},
                                                                                    {"·", "*"}}};
  std::string out(text);
  for (const auto& [from, to] : kPlain) {
    for (std::size_t at = out.find(from); at != std::string::npos;
         at = out.find(from, at + to.size())) {
      out.replace(at, from.size(), to);
    }
  }
  return clean(out, true);
}

}  // namespace sockwatch::render
