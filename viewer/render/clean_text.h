// Foreign text in a layout.
#pragma once

#include <cstddef>
#include <string_view>

#include "collector/support/clean_text.h"

namespace sockwatch::render {

using sockwatch::Character;
using sockwatch::clean;
using sockwatch::first_character;

// Columns of cleaned text: one per character, none for combining marks, two for East Asian wide
// characters and emoji.
std::size_t columns(std::string_view text);

}  // namespace sockwatch::render
