// Numbers a recording can hold. A trace may have been forged, and rules subtract times and add
// counts without a look at their size: what they see is within bounds that leave room for that.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
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

// By column, what its numbers may be at most; 0: of no number, or of `cookie`, which is a name.
template <typename Row>
const auto& most_possible_of() {
  static const auto most_of_all = [] {
    std::array<std::int64_t, std::tuple_size_v<decltype(store::Table<Row>::kColumns)>> most{};
    std::size_t place = 0;
    store::for_each_column<Row>([&](const auto& column) {
      const std::string_view name = column.name;
      most[place++] = name == "cookie" ? 0 : most_possible(name);
    });
    return most;
  }();
  return most_of_all;
}

// Calls see(number, most) for every number of a row that is known.
template <typename Row, typename See>
void for_each_number(Row& row, See&& see) {
  using Plain = std::remove_const_t<Row>;
  const auto& most = most_possible_of<Plain>();
  std::size_t place = 0;
  store::for_each_column<Plain>([&]<typename Value>(const store::Column<Plain, Value>& column) {
    const std::int64_t of_this = most[place++];
    if constexpr (std::is_same_v<Value, std::int64_t>) {
      see(row.*(column.member), of_this);
    } else if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>) {
      if (row.*(column.member) && of_this != 0) see(*(row.*(column.member)), of_this);
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
