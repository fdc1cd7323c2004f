#include "viewer/model/histogram.h"

#include <algorithm>
#include <cmath>

namespace sockwatch::model {

std::int64_t Histogram::middle_of(std::size_t bucket) {
  if (bucket < 2 * kSteps) return static_cast<std::int64_t>(bucket);
  const auto shift = bucket / kSteps - 1;
  const std::uint64_t low = (bucket - shift * kSteps) << shift;
  return static_cast<std::int64_t>(low + ((1ULL << shift) >> 1));
}

void Histogram::add_elsewhere(std::int64_t value) {
  if (buckets_.empty() && exact_.size() < kExact) {
    exact_.push_back(value);
    return;
  }
  leave_exact();
  count_in_bucket(bucket_of(value), 1);
}

void Histogram::add(std::span<const std::int64_t> values) {
  while (!values.empty() && buckets_.empty()) {
    add(values.front());
    values = values.subspan(1);
  }
  std::int64_t smallest = smallest_;
  std::int64_t largest = largest_;
  for (std::int64_t value : values) {
    value = std::max<std::int64_t>(value, 0);
    smallest = std::min(smallest, value);
    largest = std::max(largest, value);
    const std::size_t bucket = bucket_of(value);
    if (bucket - first_bucket_ < buckets_.size()) {
      ++buckets_[bucket - first_bucket_];
    } else {
      count_in_bucket(bucket, 1);
    }
  }
  smallest_ = smallest;
  largest_ = largest;
  count_ += values.size();
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  const Histogram source = other;  // `other` may be *this
  smallest_ = count_ == 0 ? source.smallest_ : std::min(smallest_, source.smallest_);
  largest_ = count_ == 0 ? source.largest_ : std::max(largest_, source.largest_);
  count_ += source.count_;
  if (buckets_.empty() && source.buckets_.empty() && count_ <= kExact) {
    exact_.insert(exact_.end(), source.exact_.begin(), source.exact_.end());
    return;
  }
  leave_exact();
  for (const std::int64_t value : source.exact_) count_in_bucket(bucket_of(value), 1);
  for (std::size_t i = 0; i < source.buckets_.size(); ++i) {
    if (source.buckets_[i] > 0) count_in_bucket(source.first_bucket_ + i, source.buckets_[i]);
  }
}

std::optional<std::int64_t> Histogram::smallest() const {
  if (count_ == 0) return std::nullopt;
  return smallest_;
}

std::optional<std::int64_t> Histogram::largest() const {
  if (count_ == 0) return std::nullopt;
  return largest_;
}

std::optional<std::int64_t> Histogram::quantile(double q) const {
  if (count_ == 0) return std::nullopt;
  const double exact_rank = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact_rank), 1, count_);
  return std::clamp(value_at_rank(rank), smallest_, largest_);
}

void Histogram::count_in_bucket(std::size_t bucket, std::uint64_t times) {
  if (buckets_.empty()) first_bucket_ = bucket;
  if (bucket < first_bucket_) {
    buckets_.insert(buckets_.begin(), first_bucket_ - bucket, 0);
    first_bucket_ = bucket;
  }
  if (bucket - first_bucket_ >= buckets_.size()) buckets_.resize(bucket - first_bucket_ + 1, 0);
  buckets_[bucket - first_bucket_] += times;
}

void Histogram::leave_exact() {
  for (const std::int64_t value : exact_) count_in_bucket(bucket_of(value), 1);
  exact_ = {};  // gives the memory back
}

std::int64_t Histogram::value_at_rank(std::uint64_t rank) const {
  if (buckets_.empty()) {
    std::vector<std::int64_t> ordered = exact_;
    const auto nth = ordered.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(ordered.begin(), nth, ordered.end());
    return *nth;
  }
  if (rank == 1) return smallest_;
  if (rank == count_) return largest_;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return middle_of(first_bucket_ + i);
  }
  return largest_;
}

}  // namespace sockwatch::model
