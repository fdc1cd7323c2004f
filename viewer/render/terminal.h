// What the place we write to can show.
#pragma once

#include <cstdio>
#include <string_view>

namespace sockwatch::render {

enum class ColorMode { automatic, always, never };

// automatic: only to a terminal that is not "dumb", and never where NO_COLOR is set and not empty.
bool wants_color(ColorMode mode, std::FILE* out);

// COLUMNS, else the width of the terminal, else 100; within 80 and 120.
int text_width(std::FILE* out);

// By LC_ALL, LC_CTYPE, LANG: the first that is set decides.
bool locale_is_utf8();

}  // namespace sockwatch::render
