#include "viewer/render/table.h"

#include <algorithm>

#include "viewer/render/clean_text.h"

namespace sockwatch::render {
namespace {

constexpr std::size_t kWideGap = 2;
constexpr std::size_t kNarrowGap = 1;
constexpr std::size_t kMark = 2;         // "! "
constexpr std::size_t kLeastLabel = 24;  // narrower than this, labels get lines of their own

std::size_t label_width(const Row& row) {
  return kMark + static_cast<std::size_t>(row.indent) + columns(row.label);
}

std::vector<std::size_t> cell_widths(const std::vector<Column>& heads,
                                     const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    std::size_t width = std::max(columns(heads[i].top), columns(heads[i].bottom));
    for (const Row& row : rows) width = std::max(width, columns(row.cells[i]));
    widths.push_back(width);
  }
  return widths;
}

std::size_t total(const std::vector<std::size_t>& widths, std::size_t gap) {
  std::size_t sum = 0;
  for (const std::size_t width : widths) sum += gap + width;
  return sum;
}

// Drops columns, those with at least `least_drop`, until the cells fit into `room`.
bool drop_columns(std::vector<Column>& heads, std::vector<Row>& rows, int least_drop,
                  std::size_t gap, std::size_t room) {
  while (total(cell_widths(heads, rows), gap) > room) {
    const auto first =
        std::max_element(heads.begin(), heads.end(),
                         [](const Column& a, const Column& b) { return a.drop < b.drop; });
    if (first == heads.end() || first->drop < least_drop) return false;
    const auto at = first - heads.begin();
    heads.erase(first);
    for (Row& row : rows) row.cells.erase(row.cells.begin() + at);
  }
  return true;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(width > used ? width - used : 0, ' ') + std::string(text);
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(text) + std::string(width > used ? width - used : 0, ' ');
}

std::string table(std::string_view label_top, std::string_view label_bottom,
                  std::vector<Column> heads, std::vector<Row> rows, const TextStyle& style) {
  if (rows.empty()) return "";
  const auto width = static_cast<std::size_t>(style.width);
  std::size_t widest = kMark + std::max(columns(label_top), columns(label_bottom));
  for (const Row& row : rows) widest = std::max(widest, label_width(row));
  const std::size_t room_for_cells = width - std::min(widest, kLeastLabel);
  std::size_t gap = kWideGap;
  if (!drop_columns(heads, rows, Column::kEasily, gap, room_for_cells)) {
    gap = kNarrowGap;
    drop_columns(heads, rows, 1, gap, room_for_cells);
  }
  const std::vector<std::size_t> widths = cell_widths(heads, rows);
  const std::size_t cells = total(widths, gap);
  const std::size_t room = width > cells ? width - cells : 0;
  const std::size_t heading_width = kMark + std::max(columns(label_top), columns(label_bottom));
  const std::size_t label = std::min(widest, std::max(room, heading_width));

  std::string out;
  const auto heading = [&](std::string_view name, auto member) {
    std::string line = pad_right("  " + std::string(name), label);
    for (std::size_t i = 0; i < heads.size(); ++i) {
      line += std::string(gap, ' ') + pad_left(heads[i].*member, widths[i]);
    }
    line = trimmed(line);
    if (!line.empty()) out += toned(line, Tone::heading, style) + "\n";
  };
  heading(label_top, &Column::top);
  heading(label_bottom, &Column::bottom);
  for (const Row& row : rows) {
    std::string line = (row.marked ? "! " : "  ") +
                       std::string(static_cast<std::size_t>(row.indent), ' ') + row.label;
    const Tone tone = row.marked ? Tone::bad : Tone::plain;
    if (label_width(row) > label) {
      out += toned(line, tone, style) + "\n";
      line.clear();
    }
    out += toned(line, tone, style) + std::string(label - std::min(label, columns(line)), ' ');
    std::string numbers;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      numbers += std::string(gap, ' ') + pad_left(row.cells[i], widths[i]);
    }
    out += trimmed(numbers) + "\n";
  }
  return out;
}

}  // namespace sockwatch::render
