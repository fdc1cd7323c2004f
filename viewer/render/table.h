// A table of text in a given width: what does not fit is left out in an order the caller sets,
// never cut.
#pragma once

#include <string>
#include <vector>

#include "viewer/render/style.h"

namespace sockwatch::render {

struct Column {
  std::string top;  // heading in two lines, the upper one may be empty
  std::string bottom;
  // If the table is too wide, the column with the largest goes first; 0: never. From kEasily on it
  // goes before the gaps between columns are narrowed.
  int drop = 0;
  static constexpr int kEasily = 10;
};

struct Row {
  std::string label;  // cleaned
  std::vector<std::string> cells;
  bool marked = false;  // "!" before it, and in colour
  int indent = 0;
};

// The label column is on the left, cells are aligned on the right. A label that leaves its column
// no room gets a line of its own above its cells. Empty if there is no row.
std::string table(std::string_view label_top, std::string_view label_bottom,
                  std::vector<Column> columns, std::vector<Row> rows, const TextStyle& style);

// `text` with spaces before or after it to fill `width` columns.
std::string pad_left(std::string_view text, std::size_t width);
std::string pad_right(std::string_view text, std::size_t width);

}  // namespace sockwatch::render
