// Paragraphs with a word before them:
//
//   meaning     The question to open a connection arrived, and the answer
//               came back at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "viewer/render/style.h"

namespace sockwatch::render {

class Labelled {
 public:
  // `indent`: columns before the paragraphs; labels are shorter.
  Labelled(std::size_t indent, const TextStyle& style);

  void paragraph(std::string_view label, std::string_view text);  // wrapped
  void line(std::string_view label, std::string_view text);  // whole, to be copied: never wrapped

  void list(std::string_view label, const std::vector<std::string>& items);      // "- "
  void numbered(std::string_view label, const std::vector<std::string>& items);  // "1. "
  // A list without items, and an empty paragraph, leave nothing behind.

  const std::string& text() const { return text_; }

 private:
  void add_label(std::string_view label);
  void item(std::string_view label, std::string_view mark, std::string_view text);

  std::size_t indent_;
  TextStyle style_;
  std::string text_;
};

// `text` with nothing beyond ASCII if the style asks for it: for words of our own, which have
// dashes and arrows but no foreign letters.
std::string own_words(std::string_view text, const TextStyle& style);

}  // namespace sockwatch::render
