#include "viewer/cli/filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string_view>

#include "viewer/model/load.h"
#include "viewer/render/wall_clock.h"

namespace sockwatch::cli {
namespace {

constexpr store::Ns kSecond = 1'000'000'000;

Error not_a_time(const std::string& text) {
  return Error{fmt::format("'{}' is not a time for --since", text),
               "say 30s, 5m or 1h from the start, or a time of day like 14:03 or 14:03:20"};
}

std::optional<int> two_digits(std::string_view text, int below) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!whole || text.size() > 2 || value < 0 || value >= below) return std::nullopt;
  return value;
}

std::optional<int> parse_time_of_day(std::string_view text) {
  const auto first = text.find(':');
  const auto second = text.find(':', first + 1);
  const auto hours = two_digits(text.substr(0, first), 24);
  const auto minutes = two_digits(text.substr(first + 1, second - first - 1), 60);
  const auto seconds = second == std::string_view::npos ? std::optional<int>(0)
                                                        : two_digits(text.substr(second + 1), 60);
  if (!hours || !minutes || !seconds) return std::nullopt;
  return *hours * 3600 + *minutes * 60 + *seconds;
}

std::optional<double> unit_ns(std::string_view unit) {
  if (unit.empty() || unit == "s") return 1e9;
  if (unit == "ms") return 1e6;
  if (unit == "m" || unit == "min") return 60e9;
  if (unit == "h") return 3600e9;
  return std::nullopt;
}

std::optional<store::Ns> to_ns(double value, double unit) {
  const double ns = value * unit;
  if (!std::isfinite(ns) || ns < 0 || ns > 9e18) return std::nullopt;
  return static_cast<store::Ns>(ns);
}

// Last moment known without reading the connections.
Result<store::OptInt> last_known_moment(const store::Reader& reader) {
  store::OptInt last;
  const auto processes = reader.processes();
  if (!processes) return processes.error();
  for (const auto& process : *processes) {
    for (const auto& moment : {process.started_ns, process.ended_ns}) {
      if (moment) last = std::max(last.value_or(*moment), *moment);
    }
  }
  return last;
}

Result<store::OptInt> since_ns(const Since& since, const store::Reader& reader) {
  const auto first = model::first_moment(reader);
  if (!first) return first.error();
  if (!*first) return store::OptInt();  // an empty trace: nothing to choose from
  if (since.from_start_ns) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(**first, *since.from_start_ns, &sum)) sum = INT64_MAX;
    return store::OptInt(sum);
  }
  const auto trace = reader.trace();
  if (!trace) return trace.error();
  const render::WallClock clock(*trace);
  const auto last = last_known_moment(reader);
  if (!last) return last.error();
  const auto first_unix = clock.unix_ns(**first);
  if (!first_unix) {
    return Error{"this trace does not say at what time of day it was recorded",
                 "give --since as a time from the start, like 30s"};
  }
  const auto last_unix = *last ? clock.unix_ns(**last) : first_unix;
  const auto chosen = clock.monotonic_ns(
      resolve_time_of_day(since.second_of_day, *first_unix, last_unix.value_or(*first_unix)));
  return store::OptInt(chosen);
}

}  // namespace

void add_filter_flags(CLI::App& command, FilterFlags& flags) {
  const std::string group = "Filters (all that are given must hold)";
  // Perhaps a variable that is not set: must not pass for "all of them".
  const auto not_empty = [](const std::string& text) {
    return std::string(text.empty() ? "it is empty, so it chooses nothing" : "");
  };
  const auto not_negative = [](const std::string& text) {
    return std::string(text.starts_with('-') ? "it must not be negative" : "");
  };
  command
      .add_option("--dst", flags.dst, "part of name or address; HOST:PORT or :PORT match the port")
      ->type_name("DESTINATION")
      ->check(not_empty)
      ->group(group);
  command.add_option("--exe", flags.exe, "part of the program's path")
      ->type_name("PATH")
      ->check(not_empty)
      ->group(group);
  command
      .add_option("--outcome", flags.outcome,
                  "outcome or ending, like timed_out_caller; several with commas")
      ->type_name("WORD")
      ->check(not_empty)
      ->group(group);
  command
      .add_option("--since", flags.since,
                  "started at or after: 30s from the start, or a time of day HH:MM[:SS]")
      ->type_name("TIME")
      ->check(not_empty)
      ->group(group);
  command.add_option("--min-ms", flags.min_ms, "the connect phase took at least that long")
      ->type_name("MS")
      ->check(not_negative)
      ->group(group);
}

Result<Since> parse_since(const std::string& text) {
  if (text.find(':') != std::string::npos) {
    const auto second = parse_time_of_day(text);
    if (!second) return not_a_time(text);
    return Since{std::nullopt, *second};
  }
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return not_a_time(text);
  const auto unit = unit_ns(std::string_view(parsed.ptr, text.data() + text.size()));
  const auto ns = unit ? to_ns(value, *unit) : std::nullopt;
  if (!ns) return not_a_time(text);
  return Since{*ns, 0};
}

store::Ns resolve_time_of_day(int second_of_day, store::Ns first_unix_ns, store::Ns last_unix_ns) {
  const std::time_t first = first_unix_ns / kSecond;
  std::tm start{};
  localtime_r(&first, &start);
  const auto on_day = [&](int days_later) {
    std::tm moment = start;
    moment.tm_mday += days_later;
    moment.tm_hour = second_of_day / 3600;
    moment.tm_min = second_of_day / 60 % 60;
    moment.tm_sec = second_of_day % 60;
    moment.tm_isdst = -1;  // mktime finds out whether summer time applies then
    return static_cast<store::Ns>(std::mktime(&moment)) * kSecond;
  };
  const store::Ns same_day = on_day(0);
  if (same_day >= first_unix_ns) return same_day;
  const store::Ns next_day = on_day(1);
  return next_day <= last_unix_ns ? next_day : same_day;
}

Status check_filter_flags(const FilterFlags& flags) {
  if (!flags.since.empty()) {
    if (const auto since = parse_since(flags.since); !since) return since.error();
  }
  if (flags.min_ms != -1 && !to_ns(flags.min_ms, 1e6)) {
    return Error{fmt::format("{} is not a number of milliseconds for --min-ms", flags.min_ms),
                 "say for example --min-ms 250"};
  }
  return {};
}

Result<store::Filter> make_filter(const FilterFlags& flags, const store::Reader& reader) {
  store::Filter filter;
  if (!flags.dst.empty()) filter.destination = flags.dst;
  if (!flags.exe.empty()) filter.exe = flags.exe;
  if (!flags.outcome.empty()) filter.outcome = flags.outcome;
  if (flags.min_ms >= 0) filter.min_connect_ns = to_ns(flags.min_ms, 1e6);
  if (flags.since.empty()) return filter;
  const auto since = parse_since(flags.since);
  if (!since) return since.error();
  const auto moment = since_ns(*since, reader);
  if (!moment) return moment.error();
  filter.since_ns = *moment;
  return filter;
}

}  // namespace sockwatch::cli
