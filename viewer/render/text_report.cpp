#include "viewer/render/text_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "viewer/model/coverage.h"
#include "viewer/model/names.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/destination_table.h"
#include "viewer/render/diagnoses.h"
#include "viewer/render/evidence_text.h"
#include "viewer/render/failures.h"
#include "viewer/render/format.h"
#include "viewer/render/labels.h"
#include "viewer/render/listener_table.h"
#include "viewer/render/table.h"
#include "viewer/render/verdict.h"
#include "viewer/render/wall_clock.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

using model::Summary;

constexpr std::size_t kMostNames = 10;
constexpr std::size_t kMostNotSeen = 10;
constexpr std::size_t kMostNamesInLine = 4;

std::string section(std::string_view title, const TextStyle& style) {
  return "\n" + toned(title, Tone::heading, style) + "\n";
}

std::string title(const Summary& summary, const TextStyle& style) {
  std::vector<store::ProcessRow> seen;
  std::copy_if(summary.processes.begin(), summary.processes.end(), std::back_inserter(seen),
               [](const auto& process) { return model::was_seen(process.coverage); });
  std::string line = fmt::format("sockwatch report {} {}", glyphs(style).dash,
                                 programs(seen.empty() ? summary.processes : seen, style));
  line += ", client view";
  if (summary.first_ns) {
    const WallClock clock(summary.trace);
    if (clock.anchored()) {
      const std::string first = clock.time(*summary.first_ns);
      const std::string last = clock.time(*summary.last_ns);
      line += fmt::format(", {} {}", clock.date(*summary.first_ns), first);
      if (last != first) line += std::string(glyphs(style).range) + last;
    }
    if (const auto span = model::time_between(summary.first_ns, summary.last_ns)) {
      line += ", " + duration(*span);
    }
  }
  const std::string lines = wrapped(line, width_of(style), 2);
  return toned(lines.substr(0, lines.size() - 1), Tone::heading, style) + "\n";
}

std::string coverage(const Summary& summary, const TextStyle& style) {
  const auto not_seen = summary.not_seen();
  std::string line = "coverage: " + counted(summary.total.attempts, "attempt");
  if (summary.filtered) {
    line += summary.total.attempts == 1 ? " that matches the filter" : " that match the filter";
  }
  line += ", " + counted(summary.lost(), "record") + " lost";
  if (summary.unfinished()) line += " as far as known";
  if (not_seen.empty()) {
    line += summary.processes.empty() ? ", no process seen" : ", no unseen process noticed";
  } else {
    line += fmt::format(", {} not seen: ", counted(not_seen.size(), "process"));
    if (not_seen.size() == 1) {
      const model::Reason reason = model::why_not_seen(not_seen.front()->coverage);
      line += fmt::format("{} {}", who(*not_seen.front(), style), reason.what);
      if (!reason.next_step.empty()) {
        line += fmt::format(" {} {}", glyphs(style).arrow, reason.next_step);
      }
    } else {
      std::set<std::string> names;
      for (const auto* process : not_seen) {
        names.insert(fmt::format("{} ({})", program(*process, style),
                                 clean(process->coverage, style.ascii)));
      }
      const std::string more =
          names.size() > kMostNamesInLine ? fmt::format(" {}", glyphs(style).more) : "";
      while (names.size() > kMostNamesInLine) names.erase(std::prev(names.end()));
      line += fmt::format("{}{} {} see NOT SEEN below", fmt::join(names, ", "), more,
                          glyphs(style).arrow);
    }
  }
  if (summary.unfinished()) {
    const auto error = summary.trace.find("store_error");
    line += "; the recording has no end: ";
    line += error == summary.trace.end()
                ? "it still runs, or was cut short"
                : "its collector gave up: " + clean(error->second, style.ascii);
  }
  return wrapped(line, width_of(style), 10);
}

std::string lookup_errors(const model::Lookup& lookup) {
  std::vector<std::pair<std::uint64_t, std::string>> errors;
  for (const auto& [error, count] : lookup.errors) {
    errors.emplace_back(count, lookup_error(error.first, error.second));
  }
  std::sort(errors.begin(), errors.end(), std::greater<>());
  std::string text;
  for (const auto& [count, words] : errors) {
    if (!text.empty()) text += "; ";
    text += errors.size() > 1 ? fmt::format("{} times {}", number(count), words) : words;
  }
  return text;
}

// What the failed lookups of several names ended with, once.
class LookupErrors {
 public:
  void add(const std::string& name, const std::string& errors) {
    const auto known = std::find_if(lines_.begin(), lines_.end(),
                                    [&](const auto& line) { return line.errors == errors; });
    if (known != lines_.end()) {
      known->names.push_back(name);
    } else if (lines_.size() < kMostNames) {
      lines_.push_back({errors, {name}});
    }
  }

  std::string text(const TextStyle& style) const {
    std::string out;
    for (const Line& line : lines_) {
      const std::size_t all = line.names.size();
      const std::size_t shown = all > kMostNamesInLine + 1 ? kMostNamesInLine : all;
      std::string names = fmt::format(
          "{}", fmt::join(line.names.begin(),
                          line.names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
      if (shown < all) names += fmt::format(" and {}", counted(all - shown, "other name"));
      out += wrapped(fmt::format("    {}: {}", names, line.errors), width_of(style), 6);
    }
    return out;
  }

 private:
  struct Line {
    std::string errors;
    std::vector<std::string> names;
  };
  std::vector<Line> lines_;
};

// Programs pass addresses to the same call; where that worked there is nothing to tell.
bool worth_telling(const model::Lookup& lookup) {
  return lookup.failures > 0 || !lookup.is_address();
}

std::string lookups(const Summary& summary, const TextStyle& style) {
  std::vector<const model::Lookup*> told;
  for (const auto& lookup : summary.lookups) {
    if (worth_telling(lookup)) told.push_back(&lookup);
  }
  if (told.empty()) return "";
  std::string out = section("NAME LOOKUPS", style);
  const std::size_t shown = std::min(told.size(), kMostNames);
  std::vector<Row> rows;
  LookupErrors errors;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const model::Lookup& lookup = *told[i];
    const std::string name = lookup.others ? "(all other names)"
                             : lookup.name ? clean(*lookup.name, style.ascii)
                                           : "(no name: own host)";
    if (lookup.failures > 0) errors.add(name, lookup_errors(lookup));
    if (i >= shown) continue;
    const std::string failed =
        lookup.failures == 0 ? std::string(glyphs(style).none) : number(lookup.failures);
    rows.push_back({name,
                    {number(lookup.count), failed, duration(*lookup.duration.quantile(0.5)),
                     duration(*lookup.duration.largest())},
                    lookup.failures > 0,
                    0});
  }
  out += table("", "NAME", {{"", "LOOKUPS"}, {"", "FAILED"}, {"", "p50"}, {"", "max"}},
               std::move(rows), style);
  out += errors.text(style);
  if (shown < told.size()) {
    out +=
        fmt::format("  {} and {}\n", glyphs(style).more, counted(told.size() - shown, "more name"));
  }
  return out;
}

std::string lost(const Summary& summary, const TextStyle& style) {
  if (summary.losses.empty()) return "";
  std::string out = section("LOST", style);
  for (const auto& [cause, count] : summary.losses) {
    const model::Reason reason = model::why_lost(cause);
    std::string line =
        fmt::format("  {} ({})", counted(count, "record"), clean(cause, style.ascii));
    if (!reason.what.empty()) line += ": " + reason.what;
    if (!reason.next_step.empty()) {
      line += fmt::format(" {} {}", glyphs(style).arrow, reason.next_step);
    }
    out += wrapped(line, width_of(style), 4);
  }
  return out;
}

std::string not_seen(const Summary& summary, const TextStyle& style) {
  const auto processes = summary.not_seen();
  if (processes.size() < 2) return "";  // the line on coverage has said it all
  std::string out = section("NOT SEEN", style);
  const std::size_t shown = std::min(processes.size(), kMostNotSeen);
  for (std::size_t i = 0; i < shown; ++i) {
    const model::Reason reason = model::why_not_seen(processes[i]->coverage);
    std::string line = fmt::format("  {} {}", who(*processes[i], style), reason.what);
    if (!reason.next_step.empty()) {
      line += fmt::format(" {} {}", glyphs(style).arrow, reason.next_step);
    }
    out += wrapped(line, width_of(style), 4);
  }
  if (shown < processes.size()) {
    out += fmt::format("  {} and {} more\n", glyphs(style).more, number(processes.size() - shown));
  }
  return out;
}

}  // namespace

std::string text_report(const Summary& summary, const std::vector<diagnose::Finding>& findings,
                        const TextStyle& style) {
  auto groups = model::group_by_name(summary);
  sort_by_errors(groups, summary, findings);
  std::string out = title(summary, style) + coverage(summary, style) + "\n";
  const std::string sentence =
      wrapped(verdict(summary, groups, findings, style), width_of(style), 0);
  out += toned(sentence.substr(0, sentence.size() - 1), Tone::heading, style) + "\n";
  const std::string destinations = destination_table(summary, groups, style);
  if (!destinations.empty()) out += "\n" + destinations;
  out += diagnoses(findings, WallClock(summary.trace), style);
  if (summary.by_course && !findings.empty()) {
    out += wrapped(
        "  those that speak of an attempt that matches; they count all attempts, and keep the "
        "numbers of the whole report",
        width_of(style), 4);
  }
  out += failures(summary, style, undiagnosed(summary, findings));
  out += lookups(summary, style);
  out += listener_section(summary.listeners, summary.processes, style);
  out += lost(summary, style);
  out += not_seen(summary, style);
  if (summary.trace.contains("redacted")) {
    out +=
        "\n" +
        wrapped(
            "redacted: addresses, names and paths are pseudonyms, the same one for the same thing; "
            "loopback, ports and times are real",
            width_of(style), 2);
  }
  return out;
}

}  // namespace sockwatch::render
