// Numbers a recording can hold. A trace may have been forged, and rules subtract times and add
// counts without a look at their size: what they see is within bounds that leave room for that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>

#include "collector/store/schema.h"

namespace sockwatch::diagnose {

// Of times, ids and bytes: 18 years in ns, which is what the collector lets in. Of what is counted
// or told in other units: what the kernel has room for.
inline constexpr std::int64_t kMostOfTimes = std::int64_t{1} << 59;
inline constexpr std::int64_t kMostOfCounts = std::int64_t{1} << 32;

constexpr std::int64_t most_possible(std::string_view column) {
  const bool is_count = column.ends_with("_us") || column.ends_with("_ms") ||
                        column.starts_with("close_") || column.ends_with("segs_in") ||
                        column.ends_with("segs_out") || column.ends_with("retransmits");
  return is_count ? kMostOfCounts : kMostOfTimes;
}

// Calls see(number, most) for every number of a row that is known; its `cookie` is a name.
template <typename Row, typename See>
void for_each_number(Row& row, See&& see) {
  using Plain = std::remove_const_t<Row>;
  store::for_each_column<Plain>([&]<typename Value>(const store::Column<Plain, Value>& column) {
    const std::string_view name = column.name;
    if constexpr (std::is_same_v<Value, std::int64_t>) {
      see(row.*(column.member), most_possible(name));
    } else if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>) {
      if (row.*(column.member) && name != "cookie")
        see(*(row.*(column.member)), most_possible(name));
    }
  });
}

// The row, or one with the nearest numbers that are possible.
template <typename Row>
class Possible {
 public:
  explicit Possible(const Row& row) : row_(&row) {
    bool is_possible = true;
    for_each_number(row, [&](std::int64_t number, std::int64_t most) {
      is_possible = is_possible && number <= most && number >= -most;
    });
    if (is_possible) return;
    changed_ = std::make_unique<Row>(row);
    for_each_number(*changed_, [](std::int64_t& number, std::int64_t most) {
      number = std::clamp(number, -most, most);
    });
    row_ = changed_.get();
  }
  Possible(const Possible&) = delete;
  Possible& operator=(const Possible&) = delete;

  const Row& operator*() const { return *row_; }

 private:
  const Row* row_;
  std::unique_ptr<Row> changed_;
};

}  // namespace sockwatch::diagnose
