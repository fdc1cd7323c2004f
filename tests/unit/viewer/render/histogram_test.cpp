#include "viewer/model/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace sockwatch::model {
namespace {

std::int64_t exact(std::vector<std::int64_t> values, double q) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

void expect_close(const Histogram& histogram, const std::vector<std::int64_t>& values) {
  for (const double q : {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0}) {
    const auto wanted = static_cast<double>(exact(values, q));
    const auto got = static_cast<double>(*histogram.quantile(q));
    EXPECT_LE(std::abs(got - wanted), wanted * 0.01) << "q " << q << " of " << values.size();
  }
}

TEST(Histogram, EmptyHasNoQuantile) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_FALSE(histogram.quantile(0.5));
  EXPECT_FALSE(histogram.smallest());
  EXPECT_FALSE(histogram.largest());
}

TEST(Histogram, ExactWhileSmall) {
  std::mt19937_64 random(1);
  Histogram histogram;
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < Histogram::kExact; ++i) {
    values.push_back(static_cast<std::int64_t>(random() >> 2));
    histogram.add(values.back());
    for (const double q : {0.01, 0.5, 0.9, 0.99, 1.0}) {
      ASSERT_EQ(*histogram.quantile(q), exact(values, q)) << "after " << i + 1;
    }
  }
}

TEST(Histogram, NearestRankOfFew) {
  Histogram histogram;
  for (const int value : {40, 10, 30, 20}) histogram.add(value);
  EXPECT_EQ(histogram.quantile(0.5), 20);
  EXPECT_EQ(histogram.quantile(0.51), 30);
  EXPECT_EQ(histogram.quantile(0.25), 10);
  EXPECT_EQ(histogram.quantile(1.0), 40);
}

TEST(Histogram, WithinOnePercentOfExact) {
  std::mt19937_64 random(2);
  const auto check = [&](auto&& draw) {
    Histogram histogram;
    std::vector<std::int64_t> values;
    for (int i = 0; i < 50'000; ++i) {
      values.push_back(draw());
      histogram.add(values.back());
    }
    expect_close(histogram, values);
    EXPECT_EQ(histogram.count(), values.size());
    EXPECT_EQ(*histogram.smallest(), *std::min_element(values.begin(), values.end()));
    EXPECT_EQ(*histogram.largest(), *std::max_element(values.begin(), values.end()));
  };
  std::lognormal_distribution<double> times(14.0, 2.5);
  check([&] { return static_cast<std::int64_t>(times(random)); });
  std::uniform_int_distribution<std::int64_t> small(0, 300);
  check([&] { return small(random); });
  std::uniform_int_distribution<std::int64_t> any(0, INT64_MAX);
  check([&] { return any(random); });
  check([&] { return std::int64_t{3'000'000'000}; });
  // Two humps: a fast majority and a lost SYN.
  check([&] { return random() % 100 == 0 ? std::int64_t{1'020'000'000} : std::int64_t{120'000}; });
}

TEST(Histogram, EveryPowerOfTwoAndItsNeighbours) {
  for (int bit = 0; bit < 63; ++bit) {
    for (const std::int64_t offset : {-1, 0, 1}) {
      const std::int64_t value = (std::int64_t{1} << bit) + offset;
      if (value < 0) continue;
      Histogram histogram;
      histogram.add(0);  // so that the value is neither smallest nor largest
      for (std::size_t i = 0; i < 3 * Histogram::kExact; ++i) histogram.add(value);
      histogram.add(INT64_MAX);
      const auto got = static_cast<double>(*histogram.quantile(0.5));
      EXPECT_LE(std::abs(got - static_cast<double>(value)), static_cast<double>(value) * 0.01);
    }
  }
}

TEST(Histogram, MergeIsTheSameAsAddingAll) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> times(12.0, 3.0);
  for (const std::size_t parts : {2u, 7u, 40u}) {
    Histogram merged;
    Histogram backwards;
    std::vector<Histogram> pieces(parts);
    std::vector<std::int64_t> values;
    for (int i = 0; i < 4'000; ++i) {
      values.push_back(static_cast<std::int64_t>(times(random)));
      pieces[values.size() % parts].add(values.back());
    }
    for (const auto& piece : pieces) merged.merge(piece);
    for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) backwards.merge(*piece);
    expect_close(merged, values);
    for (const double q : {0.1, 0.5, 0.99}) {
      EXPECT_EQ(merged.quantile(q), backwards.quantile(q));
    }
    EXPECT_EQ(merged.count(), values.size());
  }
}

TEST(Histogram, MergeOfFewStaysExactAndTakesItself) {
  Histogram a;
  Histogram b;
  a.add(1'000'003);
  b.add(5'000'007);
  a.merge(b);
  EXPECT_EQ(a.quantile(0.5), 1'000'003);
  EXPECT_EQ(a.quantile(1.0), 5'000'007);
  a.merge(a);
  EXPECT_EQ(a.count(), 4u);
  EXPECT_EQ(a.quantile(0.5), 1'000'003);
  a.merge(Histogram());
  EXPECT_EQ(a.count(), 4u);
}

TEST(Histogram, NegativeCountsAsZero) {
  Histogram histogram;
  histogram.add(-5);
  EXPECT_EQ(histogram.quantile(0.5), 0);
}

}  // namespace
}  // namespace sockwatch::model
