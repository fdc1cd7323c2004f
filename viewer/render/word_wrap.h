// Paragraphs in a fixed width.
#pragma once

#include <string>
#include <string_view>

namespace sockwatch::render {

// Breaks at spaces; a word longer than a line stays whole, so that it can be copied. Lines after
// the first begin with `indent` spaces. Ends with a newline. `text` holds cleaned text, no colour.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace sockwatch::render
