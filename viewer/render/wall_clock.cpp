#include "viewer/render/wall_clock.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>

namespace sockwatch::render {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Local {
  std::tm parts{};
  std::int64_t ms = 0;
};

std::optional<Local> local_time(const std::optional<std::int64_t>& unix_ns) {
  if (!unix_ns || *unix_ns < 0) return std::nullopt;
  const std::time_t seconds = *unix_ns / kSecond;
  Local local;
  if (localtime_r(&seconds, &local.parts) == nullptr) return std::nullopt;
  local.ms = *unix_ns % kSecond / 1'000'000;
  return local;
}

}  // namespace

WallClock::WallClock(const std::map<std::string, std::string>& trace) {
  const auto found = trace.find("monotonic_to_unix_ns");
  if (found == trace.end()) return;
  const std::string& text = found->second;
  std::int64_t offset = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) offset_ns_ = offset;
}

std::optional<std::int64_t> WallClock::unix_ns(std::int64_t monotonic_ns) const {
  std::int64_t sum = 0;
  if (!offset_ns_ || __builtin_add_overflow(monotonic_ns, *offset_ns_, &sum)) return std::nullopt;
  return sum;
}

std::optional<std::int64_t> WallClock::monotonic_ns(std::int64_t unix_ns) const {
  std::int64_t difference = 0;
  if (!offset_ns_ || __builtin_sub_overflow(unix_ns, *offset_ns_, &difference)) {
    return std::nullopt;
  }
  return difference;
}

std::string WallClock::date(std::int64_t monotonic_ns) const {
  const auto local = local_time(unix_ns(monotonic_ns));
  if (!local) return "";
  return fmt::format("{:04}-{:02}-{:02}", local->parts.tm_year + 1900, local->parts.tm_mon + 1,
                     local->parts.tm_mday);
}

std::string WallClock::time(std::int64_t monotonic_ns) const {
  const auto local = local_time(unix_ns(monotonic_ns));
  if (!local) return fmt::format("{}s", monotonic_ns / kSecond);
  return fmt::format("{:02}:{:02}:{:02}", local->parts.tm_hour, local->parts.tm_min,
                     local->parts.tm_sec);
}

std::string WallClock::time_ms(std::int64_t monotonic_ns) const {
  const auto local = local_time(unix_ns(monotonic_ns));
  if (!local) return fmt::format("{:.3f}", static_cast<double>(monotonic_ns) / 1e9);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", local->parts.tm_hour, local->parts.tm_min,
                     local->parts.tm_sec, local->ms);
}

}  // namespace sockwatch::render
