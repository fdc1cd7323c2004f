#include "viewer/render/table.h"

#include <gtest/gtest.h>

namespace sockwatch::render {
namespace {

TextStyle narrow(int width) {
  TextStyle style;
  style.width = width;
  return style;
}

TEST(Table, AlignsAndMarks) {
  EXPECT_EQ(table("", "NAME", {{"A", "B"}},
                  {{"x", {"1"}}, {"yy", {"22"}, true}, {"z", {"3"}, false, 2}}, narrow(80)),
            "         A\n"
            "  NAME   B\n"
            "  x      1\n"
            "! yy    22\n"
            "    z    3\n");
}

TEST(Table, NoRowsNoHeading) { EXPECT_EQ(table("", "NAME", {{"", "A"}}, {}, narrow(80)), ""); }

TEST(Table, DropsTheEasyColumnsThenNarrowsThenDropsTheRest) {
  const std::vector<Column> heads = {{"", "keep"}, {"", "easy", Column::kEasily}, {"", "later", 1}};
  const std::vector<Row> rows = {{"twenty-two-columns-abc", {"1", "2", "3"}}};
  const auto heading = [&](int width) {
    const std::string text = table("", "N", heads, rows, narrow(width));
    return text.substr(0, text.find('\n'));
  };
  EXPECT_EQ(heading(43), "  N                       keep  easy  later");
  EXPECT_EQ(heading(37), "  N                       keep  later");
  EXPECT_EQ(heading(36), "  N                      keep later");
  EXPECT_EQ(heading(34), "  N                      keep");
}

TEST(Table, ALongLabelGetsItsOwnLineAndIsNotCut) {
  const std::string label(60, 'x');
  const std::string text = table("", "N", {{"", "A"}}, {{label, {"1"}}, {"b", {"2"}}}, narrow(40));
  EXPECT_NE(text.find("  " + label + "\n"), std::string::npos);
  const auto line = [&](std::size_t n) {
    std::size_t at = 0;
    while (n-- > 0) at = text.find('\n', at) + 1;
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(line(2).find('1'), line(3).find('2'));
}

TEST(Table, ColourDoesNotMoveColumns) {
  TextStyle style = narrow(80);
  style.color = true;
  const std::string text = table("", "N", {{"", "A"}}, {{"x", {"1"}, true}}, style);
  EXPECT_NE(text.find("\x1b[1;31m! x\x1b[0m"), std::string::npos);
  EXPECT_NE(text.find("  1\n"), std::string::npos);
}

// Where no column may go, labels do.
TEST(Table, IsNeverWiderThanTheScreen) {
  const std::vector<Column> heads(8, Column{"", "SEVENTY"});
  const std::vector<Row> rows = {{"one.internal.example:8089", std::vector<std::string>(8, "1")}};
  std::istringstream lines(table("", "N", heads, rows, narrow(80)));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 80u) << line;
}

}  // namespace
}  // namespace sockwatch::render
