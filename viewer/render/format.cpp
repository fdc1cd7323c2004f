#include "viewer/render/format.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace sockwatch::render {
namespace {

std::string plural(std::string_view noun) {
  return std::string(noun) + (noun.ends_with('s') ? "es" : "s");
}

}  // namespace

std::string duration(std::int64_t ns) {
  ns = std::max<std::int64_t>(ns, 0);
  const double ms = static_cast<double>(ns) / 1e6;
  // Limits lie where rounding would reach the next form: 9.96 ms is "10ms", not "10.0ms".
  if (ns == 0) return "0ms";
  if (ms < 0.01) return "<0.01ms";
  if (ms < 0.095) return fmt::format("{:.2f}ms", ms);
  if (ms < 9.95) return fmt::format("{:.1f}ms", ms);
  if (ms < 999.5) return fmt::format("{:.0f}ms", ms);
  const double s = ms / 1e3;
  if (s < 9.995) return fmt::format("{:.2f}s", s);
  if (s < 119.95) return fmt::format("{:.1f}s", s);
  const auto whole = static_cast<std::int64_t>(std::llround(s));
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole % 3600 / 60);
}

std::string duration(const model::Range& range, const TextStyle& style) {
  std::string low = duration(range.smallest);
  const std::string high = duration(range.largest);
  if (low == high) return low;
  return low + std::string(glyphs(style).range) + high;
}

std::string number(std::uint64_t n) {
  std::string digits = fmt::format("{}", n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string bytes(std::int64_t n) {
  if (n < 1000) return fmt::format("{} B", n);
  constexpr std::array<std::string_view, 5> kUnits = {"kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(n) / 1e3;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1e3;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", value, value < 9.95 ? 1 : 0, kUnits[unit]);
}

std::string counted(std::uint64_t n, std::string_view noun) {
  return fmt::format("{} {}", number(n), n == 1 ? std::string(noun) : plural(noun));
}

std::string counted(const model::Range& range, std::string_view noun, const TextStyle& style) {
  const auto low = static_cast<std::uint64_t>(std::max<std::int64_t>(range.smallest, 0));
  const auto high = static_cast<std::uint64_t>(std::max<std::int64_t>(range.largest, 0));
  if (low == high) return counted(low, noun);
  return fmt::format("{}{}{} {}", number(low), glyphs(style).range, number(high), plural(noun));
}

std::string share(std::uint64_t part, std::uint64_t whole, std::string_view noun) {
  const std::string all = noun.empty() ? number(whole) : counted(whole, noun);
  std::string text = fmt::format("{} of {}", number(part), all);
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

std::string errno_words(std::int64_t error) {
  const char* words =
      error > 0 && error < 4096 ? strerrordesc_np(static_cast<int>(error)) : nullptr;
  if (words == nullptr) return errno_name(error);
  return fmt::format("{} ({})", errno_name(error), words);
}

std::string lookup_error(std::int64_t result, const store::OptInt& error) {
  switch (result) {
    case EAI_INPROGRESS:
      return "no answer yet when the program gave up or ended";
    case EAI_NONAME:
      return "name does not exist (EAI_NONAME)";
    case EAI_NODATA:
      return "name has no address (EAI_NODATA)";
    case EAI_AGAIN:
      return "the name servers did not answer, or failed for now (EAI_AGAIN)";
    case EAI_FAIL:
      return "name servers report a permanent failure (EAI_FAIL)";
    case EAI_ADDRFAMILY:
      return "no address of the wanted family (EAI_ADDRFAMILY)";
    case EAI_FAMILY:
      return "address family not supported (EAI_FAMILY)";
    case EAI_SERVICE:
      return "service name not known (EAI_SERVICE)";
    case EAI_SOCKTYPE:
      return "socket type not supported (EAI_SOCKTYPE)";
    case EAI_MEMORY:
      return "out of memory (EAI_MEMORY)";
    case EAI_BADFLAGS:
      return "wrong use of the lookup call (EAI_BADFLAGS)";
    case EAI_SYSTEM:
      return error && *error != 0 ? errno_words(*error) : "system error (EAI_SYSTEM)";
    case HOST_NOT_FOUND:
      return "name does not exist (HOST_NOT_FOUND)";
    case TRY_AGAIN:
      return "the name servers did not answer, or failed for now (TRY_AGAIN)";
    case NO_RECOVERY:
      return "name servers report a permanent failure (NO_RECOVERY)";
    case NO_DATA:
      return "name has no address (NO_DATA)";
    default:
      return fmt::format("result {}", result);
  }
}

}  // namespace sockwatch::render
