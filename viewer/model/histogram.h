// Durations counted in buckets of bounded relative width, so that quantiles of ten million
// connections take a few kilobytes.
//
// Up to kExact values are kept as they are and quantiles are exact. Beyond that a quantile is at
// most 1 % away from the exact one; count, smallest and largest stay exact for ever. Two histograms
// can be merged; the result does not depend on the order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sockwatch::model {

class Histogram {
 public:
  static constexpr std::size_t kExact = 256;

  // Negative values (a clock that lies) count as 0.
  void add(std::int64_t value) {
    value = std::max<std::int64_t>(value, 0);
    smallest_ = count_ == 0 ? value : std::min(smallest_, value);
    largest_ = count_ == 0 ? value : std::max(largest_, value);
    ++count_;
    const std::size_t bucket = bucket_of(value) - first_bucket_;  // too large if it is before that
    if (bucket < buckets_.size()) {
      ++buckets_[bucket];
    } else {
      add_elsewhere(value);
    }
  }
  void add(std::span<const std::int64_t> values);  // the same as each of them
  void merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::optional<std::int64_t> smallest() const;
  std::optional<std::int64_t> largest() const;

  // Nearest rank: the smallest value with at least `q` of all values at or below it. 0 < q <= 1.
  // Empty where nothing was added.
  std::optional<std::int64_t> quantile(double q) const;

 private:
  // 64 buckets per power of two: a bucket is 1/64 of its lower end wide, its middle at most 1/128
  // (0.8 %) away from any value in it. Values below 128 have a bucket each.
  static constexpr int kStepBits = 6;
  static constexpr std::uint64_t kSteps = 1U << kStepBits;
  static std::size_t bucket_of(std::int64_t value) {
    const auto v = static_cast<std::uint64_t>(value);
    const int width = static_cast<int>(std::bit_width(v));
    if (width <= kStepBits + 1) return static_cast<std::size_t>(v);
    const int shift = width - (kStepBits + 1);
    return static_cast<std::size_t>(static_cast<std::uint64_t>(shift) * kSteps + (v >> shift));
  }
  static std::int64_t middle_of(std::size_t bucket);

  void add_elsewhere(std::int64_t value);
  void count_in_bucket(std::size_t bucket, std::uint64_t times);
  void leave_exact();
  std::int64_t value_at_rank(std::uint64_t rank) const;

  std::uint64_t count_ = 0;
  std::int64_t smallest_ = 0;
  std::int64_t largest_ = 0;
  std::vector<std::int64_t> exact_;     // in use while buckets_ is empty
  std::vector<std::uint64_t> buckets_;  // of the buckets first_bucket_ and up
  std::size_t first_bucket_ = 0;
};

}  // namespace sockwatch::model
