// Bars drawn to scale, and which attempts a waterfall keeps.
#include "viewer/render/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/viewer/render/traces.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/waterfall.h"

namespace sockwatch::render {
namespace {

using namespace sockwatch::testing;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::size_t kWidth = 40;

std::string drawn(const store::ConnectionRow& row, store::Ns scale,
                  const diagnose::Settings& settings = {}) {
  TextStyle style;
  style.ascii = true;
  return bar(timeline(row, std::nullopt, settings), scale, kWidth, style);
}

TEST(Timeline, ResendsStandWhereTheKernelsLadderPutsThem) {
  Trace trace;
  const auto& row = black_hole(trace.tcp(0, "10.0.0.1", 80), 4 * kS, 2);
  diagnose::Settings doubling;  // 1 s, 3 s
  EXPECT_EQ(drawn(row, 4 * kS, doubling), "----------s-------------------s--------x");
  diagnose::Settings linear;  // 1 s, 2 s
  linear.syn_linear_timeouts = 4;
  EXPECT_EQ(drawn(row, 4 * kS, linear), "----------s---------s------------------x");
}

TEST(Timeline, ResendsThatWereNotCountedAreNotDrawn) {
  Trace trace;
  const auto& row = black_hole(trace.tcp(0, "10.0.0.1", 80), 4 * kS, 0);
  EXPECT_THAT(drawn(row, 4 * kS), Not(HasSubstr("s")));
}

TEST(Timeline, PhasesOfAConnectionInTheirOrder) {
  Trace trace;
  auto& row = connect_in(trace.tcp(0, "10.0.0.1", 80), kS);
  row.first_send_ns = row.started_ns + 2 * kS;
  row.first_receive_ns = row.started_ns + 3 * kS;
  row.closed_ns = row.started_ns + 4 * kS;
  const std::string line = drawn(row, 4 * kS);
  EXPECT_EQ(line.substr(0, 11), "----------^");
  EXPECT_EQ(line.substr(20, 10), "..........");
  EXPECT_EQ(line.substr(30, 9), "=========");
  EXPECT_EQ(line.back(), '|');
}

TEST(Timeline, TheLookupComesFirstAndShiftsTheRest) {
  Trace trace;
  auto& lookup = trace.lookup(0, "a.example", 2 * kS);
  const auto& row = connect_in(trace.tcp(2 * kS, "10.0.0.1", 80), 2 * kS);
  TextStyle style;
  style.ascii = true;
  const Timeline line = timeline(row, lookup, {});
  EXPECT_EQ(line.start, 2 * kS);
  EXPECT_EQ(bar(line, 5 * kS, 10, style).substr(0, 8), "dddd----");
  lookup.started_ns -= 60 * kS;  // of another moment
  EXPECT_EQ(timeline(row, lookup, {}).start, 0);
}

TEST(Timeline, WhatGoesOnBeyondTheScaleIsMarked) {
  Trace trace;
  auto& row = exchange(connect_in(trace.tcp(0, "10.0.0.1", 80), kS), kS);
  row.closed_ns = row.started_ns + 100 * kS;
  EXPECT_EQ(drawn(row, 4 * kS).back(), '+');
}

TEST(Timeline, AnyRowIsDrawnInItsWidth) {
  Trace trace;
  for (const std::string outcome : {"connected", "refused", "timed_out_caller", "pending", "odd"}) {
    for (const store::Ns moment : {INT64_MIN, store::Ns{-1}, store::Ns{0}, INT64_MAX}) {
      auto& row = trace.tcp(0, "10.0.0.1", 80);
      row.outcome = outcome;
      row.decided_ns = row.closed_ns = moment;
      row.first_send_ns = row.first_receive_ns = row.started_ns;
      row.started_ns = moment == 0 ? INT64_MIN : row.started_ns;
      row.syn_retransmits = INT64_MAX;
      for (const store::Ns scale : {store::Ns{1}, kS, INT64_MAX}) {
        EXPECT_EQ(drawn(row, scale).size(), kWidth);
      }
    }
  }
}

TEST(Ruler, HasItsMarksInsideTheWidth) {
  for (const store::Ns scale : {store::Ns{1}, kMs, 3 * kS, 3'600 * kS, INT64_MAX}) {
    EXPECT_EQ(ruler(scale, kWidth).size(), kWidth);
    EXPECT_EQ(ruler(scale, kWidth).front(), '0');
  }
}

TEST(WorstRows, FailuresFirstThenTheSlowest) {
  Trace trace;
  connect_in(trace.tcp(0, "10.0.0.1", 80), 2 * kS);
  refuse(trace.tcp(0, "10.0.0.2", 80));
  connect_in(trace.tcp(0, "10.0.0.3", 80), kMs);
  black_hole(trace.tcp(0, "10.0.0.4", 80), kS, 0);
  WorstRows worst(3);
  for (const auto& row : trace.connections) worst.add(row);
  EXPECT_EQ(worst.seen(), 4U);
  std::vector<std::int64_t> ids;
  for (const auto& row : worst.take()) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::int64_t>{4, 2, 1}));
}

TEST(WorstRows, OldestOfEqualOnesWhateverTheirNumbers) {
  Trace trace;
  for (const std::int64_t id : {INT64_MAX, std::int64_t{0}, INT64_MIN}) {
    connect_in(trace.tcp(0, "10.0.0.1", 80), kMs).id = id;
  }
  WorstRows worst(3);
  for (const auto& row : trace.connections) worst.add(row);
  std::vector<std::int64_t> ids;
  for (const auto& row : worst.take()) ids.push_back(row.id);
  EXPECT_EQ(ids, (std::vector<std::int64_t>{INT64_MIN, 0, INT64_MAX}));
}

TEST(Waterfall, FitsTheTerminalAndSaysWhatIsLeftOut) {
  Trace trace = incident();
  WaterfallFacts facts;
  facts.trace = trace.facts;
  facts.processes = trace.processes;
  WorstRows worst(5);
  for (const auto& row : trace.connections) worst.add(row);
  facts.seen = worst.seen();
  const auto rows = worst.take();
  for (const int width : {80, 100, 120}) {
    TextStyle style;
    style.width = width;
    style.file = "trace.sockwatch";
    const std::string text = waterfall(rows, facts, style);
    EXPECT_THAT(text, HasSubstr("the worst 5 of 100 attempts; 95 are not shown"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(columns(line), static_cast<std::size_t>(width)) << line;
    }
  }
}

// ARP was asked and nobody answered: the kernel counts three more SYNs and sends none.
TEST(Timeline, SynsThatNeverLeftAreNoResends) {
  Trace trace;
  auto& row = black_hole(trace.tcp(0, "10.0.0.1", 80), 4 * kS, 3);
  const auto drawn = [&] { return timeline(row, std::nullopt, diagnose::Settings()).resends; };
  EXPECT_FALSE(drawn().empty());
  row.segs_out = 1;
  EXPECT_TRUE(syn_waited(row));
  EXPECT_TRUE(drawn().empty());
}

}  // namespace
}  // namespace sockwatch::render
