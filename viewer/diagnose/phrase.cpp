#include "viewer/diagnose/phrase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sockwatch::diagnose {

std::string time_span(store::Ns ns) {
  const double ms = static_cast<double>(std::max<store::Ns>(ns, 0)) / 1e6;
  if (ms < 0.095) return fmt::format("{:.2f} ms", ms);
  if (ms < 9.95) return fmt::format("{:.1f} ms", ms);
  if (ms < 999.5) return fmt::format("{:.0f} ms", ms);
  const double s = ms / 1e3;
  if (s < 99.95) return fmt::format("{:.1f} s", s);
  if (s < 599.5) return fmt::format("{:.0f} s", s);
  if (s < 7200) return fmt::format("{:.1f} min", s / 60);
  return fmt::format("{:.1f} h", s / 3600);
}

std::string number(std::int64_t n) {
  std::string digits = fmt::format("{}", n);
  const std::size_t sign = n < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string counted(std::int64_t n, std::string_view one, std::string_view many) {
  if (n == 1) return fmt::format("1 {}", one);
  if (!many.empty()) return fmt::format("{} {}", number(n), many);
  return fmt::format("{} {}s", number(n), one);
}

std::string share(std::int64_t part, std::int64_t whole) {
  std::string text = fmt::format("{} of {}", number(part), number(whole));
  if (whole < 5) return text;
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part > 0 && percent < 1.0) return text + " (< 1 %)";
  if (part < whole && percent > 99.0) return text + " (> 99 %)";
  return fmt::format("{} ({:.0f} %)", text, percent);
}

std::string errno_name(std::int64_t error) {
  const char* name = error > 0 && error < 4096 ? strerrorname_np(static_cast<int>(error)) : nullptr;
  if (name == nullptr) return fmt::format("error {}", error);
  return name;
}

}  // namespace sockwatch::diagnose
