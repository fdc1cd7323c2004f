// Moments of a trace as local time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sockwatch::render {

class WallClock {
 public:
  // `trace` is the table of that name; its key monotonic_to_unix_ns is the anchor. Without one,
  // moments are shown as seconds of the recording machine's monotonic clock.
  explicit WallClock(const std::map<std::string, std::string>& trace);

  bool anchored() const { return offset_ns_.has_value(); }
  std::optional<std::int64_t> unix_ns(std::int64_t monotonic_ns) const;
  std::optional<std::int64_t> monotonic_ns(std::int64_t unix_ns) const;

  std::string date(std::int64_t monotonic_ns) const;     // 2026-11-21, empty without an anchor
  std::string time(std::int64_t monotonic_ns) const;     // 14:03:02
  std::string time_ms(std::int64_t monotonic_ns) const;  // 14:03:02.118

 private:
  std::optional<std::int64_t> offset_ns_;
};

}  // namespace sockwatch::render
