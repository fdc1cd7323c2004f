// The filters every viewer has: --dst --exe --outcome --since --min-ms.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "collector/store/reader.h"
#include "collector/support/result.h"

namespace sockwatch::cli {

struct FilterFlags {
  std::string dst;
  std::string exe;
  std::string outcome;
  std::string since;
  double min_ms = -1;  // negative: not given
};

void add_filter_flags(CLI::App& command, FilterFlags& flags);

// What --since says: time from the start of the trace, or a local time of day.
struct Since {
  std::optional<store::Ns> from_start_ns;
  int second_of_day = 0;  // where from_start_ns is empty
  bool operator==(const Since&) const = default;
};

// "30" and "30s" are seconds; ms, m and h work too; "14:03" and "14:03:20" are times of day.
Result<Since> parse_since(const std::string& text);

// The first moment with that local time of day that lies in [first, last], else the one of the day
// on which the trace began. Unix ns. Follows the local time zone, also over a change of clocks.
store::Ns resolve_time_of_day(int second_of_day, store::Ns first_unix_ns, store::Ns last_unix_ns);

// Wrong use, found without a trace. `min_ms` must be a number of milliseconds.
Status check_filter_flags(const FilterFlags& flags);

// The flags for one trace. An error here is the trace's.
Result<store::Filter> make_filter(const FilterFlags& flags, const store::Reader& reader);

}  // namespace sockwatch::cli
