#include "viewer/render/text_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <sstream>

#include "tests/unit/viewer/render/traces.h"
#include "viewer/render/json_rows.h"

namespace sockwatch::render {
namespace {

using namespace sockwatch::testing;

std::vector<std::string> lines_of(const Trace& trace) {
  setenv("TZ", "UTC", 1);
  tzset();
  const TextRows rows(trace.processes, WallClock(trace.facts), {});
  std::string text;
  rows.append_heading(text);
  for (const auto& row : trace.connections) rows.append(text, row);
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(TextRows, OneLineAnAttemptInFixedColumns) {
  const auto lines = lines_of(incident());
  ASSERT_EQ(lines.size(), 101u);
  const std::size_t outcome = lines[0].find("OUTCOME");
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_NE(lines[i][outcome], ' ') << lines[i];
  EXPECT_EQ(lines[3],
            "14:02:13.000       3  java/4711         payments.internal,10.0.7.13:443   "
            "timed_out_caller                3.00s     2           -    3.00s  never answered (3 "
            "SYNs in 3.00s, nothing came back); the program gave up after its own 3.00s (poll)");
}

TEST(TextRows, TheSameNumberOfWordsBeforeTheEvidence) {
  for (const Trace& trace : {incident(), hostile()}) {
    for (const auto& line : lines_of(trace)) {
      std::istringstream words(line);
      std::vector<std::string> cells;
      for (std::string word; words >> word;) cells.push_back(word);
      ASSERT_GE(cells.size(), 9u) << line;
      if (cells[0] != "TIME") {
        EXPECT_THAT(cells[5], ::testing::MatchesRegex("-|<?[0-9.]+m?s")) << line;
      }
      EXPECT_EQ(line.find('\x1b'), std::string::npos);
    }
  }
}

TEST(TextRows, SpacesInProgramAndPathDoNotMakeMoreColumns) {
  Trace trace;
  trace.process(1, "/opt/My Program");
  auto& row = trace.tcp(0, "/run/my socket", 0);
  row.protocol = "unix";
  row.peer_port.reset();
  EXPECT_THAT(lines_of(trace)[1], ::testing::HasSubstr("My_Program/1"));
  EXPECT_THAT(lines_of(trace)[1], ::testing::HasSubstr("/run/my_socket"));
}

}  // namespace
}  // namespace sockwatch::render
