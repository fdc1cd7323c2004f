// A long trace is read in blocks, whose plain attempts are never put together to rows; a short one
// row by row. Both must say the same, to the last digit. Here of traces made at random; of those
// made by hand for the rules, run() of rows.h sees to it, of others
// Commands.TheWayATraceIsReadChangesNothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/viewer/diagnose/random_rows.h"
#include "viewer/model/plain.h"
#include "viewer/model/summary.h"
#include "viewer/render/json_report.h"

namespace sockwatch::testing {
namespace {

model::SummaryBuilder begun(const Rows& rows) {
  model::SummaryBuilder builder;
  for (const auto& row : rows.processes) builder.add(row);
  for (const auto& row : rows.losses) builder.add(row);
  return builder;
}

std::string finished(model::SummaryBuilder& builder, const Rows& rows,
                     const std::vector<diagnose::Finding>& findings) {
  for (const auto& row : rows.resolutions) builder.add(row);
  return render::json_report(builder.finish(), findings);
}

std::string row_by_row(const Rows& rows) {
  auto builder = begun(rows);
  for (const auto& row : rows.connections) builder.add(row);
  return finished(builder, rows, run(diagnose::all_rules(), rows));
}

std::string in_blocks(const Rows& rows, std::size_t block_rows) {
  auto builder = begun(rows);
  show_in_blocks(rows.connections, block_rows,
                 [&](store::Block& block) { builder.add(model::PlainBlock(block)); });
  return finished(builder, rows, run_in_blocks(diagnose::all_rules(), rows, block_rows));
}

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSeeds = 10;  // each length twice: here it is about memory, and takes long
#else
constexpr std::uint64_t kSeeds = 150;
#endif

TEST(LongTrace, SaysWhatAShortOneSays) {
  std::set<std::string_view> found;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Rows rows = random_rows(seed, 40 + static_cast<int>(seed % 5) * 250);
    const std::string expected = row_by_row(rows);
    ASSERT_EQ(in_blocks(rows, 4096), expected) << "seed " << seed;
    ASSERT_EQ(in_blocks(rows, 64), expected) << "seed " << seed;
    ASSERT_EQ(in_blocks(rows, 7), expected) << "seed " << seed;
    for (const auto& one : run(diagnose::all_rules(), rows)) {
      found.insert(one.rule);
      for (const auto& inner : one.explained) found.insert(inner.rule);
    }
  }
  // The traces are such that it matters.
#ifndef __SANITIZE_ADDRESS__
  EXPECT_GE(found.size(), 25u);
  for (const std::string_view rule :
       {"CHURN", "FLOWHOLE", "QUEUEFULL", "REFUSED", "STARVED", "SYNDROP", "SYNLOST", "V6BAD"}) {
    EXPECT_TRUE(found.contains(rule)) << rule;
  }
#endif
}

TEST(LongTrace, MostAttemptsOfATraceArePlain) {
  const Rows rows = random_rows(4, 2'000);
  std::size_t count = 0;
  show_in_blocks(rows.connections, 4096, [&](store::Block& block) {
    model::PlainRows plain;
    plain.find(block);
    for (std::size_t i = 0; i < block.rows(); ++i) count += plain[i] ? 1 : 0;
  });
  EXPECT_GT(count, 1'000u);
}

// Who adds a rule must say which plain attempts it needs (viewer/diagnose/needs.cpp). Until then
// every rule sees whole rows, which is right, and slow.
TEST(LongTrace, EveryRuleHasSaidWhatItNeeds) {
  for (const auto& rule : diagnose::all_rules()) {
    if (!rule->wants_healthy()) continue;
    EXPECT_TRUE(diagnose::need_of(rule->entry().id).is_declared) << rule->entry().id;
  }
}

}  // namespace
}  // namespace sockwatch::testing
