// When each look-up of the trace ended, to the millisecond: four bytes of each, as a trace may hold
// millions. With it an attempt is known to belong to the call that looked the name up, or to one
// that used addresses from before.
#pragma once

#include <cstdint>
#include <deque>

#include "collector/store/rows.h"

namespace sockwatch::diagnose {

class LookupEnds {
 public:
  // As they started. Ids are about as many as rows; others, of a forged trace, are left out.
  void add(const store::ResolutionRow& row);
  // From the end of the attempt's look-up to its start. Empty: it has none, or its end is not
  // known.
  store::OptInt age_at(const store::ConnectionRow& row) const;

 private:
  static constexpr std::uint32_t kUnknown = ~std::uint32_t{0};  // 49 days

  std::deque<std::uint32_t> ended_ms_;  // by id
  std::int64_t first_ms_ = 0;           // what they count from
  std::int64_t added_ = 0;
};

}  // namespace sockwatch::diagnose
