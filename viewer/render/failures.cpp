#include "viewer/render/failures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "viewer/render/clean_text.h"
#include "viewer/render/evidence_text.h"
#include "viewer/render/format.h"
#include "viewer/render/labels.h"
#include "viewer/render/table.h"
#include "viewer/render/wall_clock.h"
#include "viewer/render/word_wrap.h"

namespace sockwatch::render {
namespace {

using diagnose::Finding;
using model::Summary;

constexpr std::size_t kMostFailures = 10;

// " [java (pid 4711), first 14:02:13, last 14:03:07]": the program only where there are several.
std::string who_and_when(const Summary& summary, const model::Evidence& evidence,
                         const WallClock& clock, const TextStyle& style) {
  std::vector<std::string> parts;
  const bool several = summary.processes.size() > summary.not_seen().size() + 1;
  if (several && evidence.processes.size() >= model::Evidence::kProcessesKept) {
    parts.emplace_back("several processes");
  } else if (several) {
    for (const auto& process : summary.processes) {
      if (evidence.processes.contains(process.id)) parts.push_back(who(process, style));
    }
  }
  if (clock.anchored() && evidence.started_ns.known > 0) {
    const std::string first = clock.time(evidence.started_ns.smallest);
    const std::string last = clock.time(evidence.started_ns.largest);
    parts.push_back(first == last ? first : fmt::format("first {}, last {}", first, last));
  }
  return parts.empty() ? "" : fmt::format(" [{}]", fmt::join(parts, ", "));
}

void add_named(const std::vector<Finding>& findings, std::unordered_set<std::int64_t>& ids) {
  for (const Finding& finding : findings) {
    ids.insert(finding.connections.begin(), finding.connections.end());
    add_named(finding.explained, ids);
  }
}

// The attempts that findings name, also those inside another one.
std::unordered_set<std::int64_t> named_in(const std::vector<Finding>& findings) {
  std::unordered_set<std::int64_t> ids;
  add_named(findings, ids);
  return ids;
}

}  // namespace

std::string failures(const Summary& summary, const TextStyle& style,
                     const std::vector<std::size_t>& chosen) {
  const std::string footer =
      "  one line an attempt: sockwatch connections " + shell_word(style.file, style) + " --failed";
  if (summary.failures.empty() && summary.failures_beyond_limit == 0) return "";
  if (chosen.empty() && summary.failures_beyond_limit == 0) {
    return wrapped(footer, width_of(style), 4);
  }
  const WallClock clock(summary.trace);
  std::string out = "\n" +
                    toned(chosen.size() < summary.failures.size() ? "OTHER FAILED CONNECTIONS"
                                                                  : "FAILED CONNECTIONS",
                          Tone::heading, style) +
                    "\n";
  const std::size_t shown = std::min(chosen.size(), kMostFailures);
  std::size_t label_width = 0;
  std::size_t share_width = 0;
  const auto share_of = [&](const model::FailureGroup& group) {
    return share(group.evidence.count, summary.destinations[group.key.destination].tally.attempts);
  };
  const auto label_of = [&](const model::FailureGroup& group) {
    return full_label(summary.destinations[group.key.destination], style);
  };
  for (std::size_t i = 0; i < shown; ++i) {
    label_width = std::max(label_width, columns(label_of(summary.failures[chosen[i]])));
    share_width = std::max(share_width, columns(share_of(summary.failures[chosen[i]])));
  }
  label_width = std::min<std::size_t>(label_width, 44);
  for (std::size_t i = 0; i < shown; ++i) {
    const model::FailureGroup& group = summary.failures[chosen[i]];
    const model::Destination& place = summary.destinations[group.key.destination];
    const std::string_view how =
        group.key.ending ? model::word(*group.key.ending) : model::word(group.key.outcome);
    out += fmt::format("{}  {}  {}\n",
                       toned("! " + pad_right(label_of(group), label_width), Tone::bad, style),
                       pad_right(share_of(group), share_width), how);
    std::string sentence =
        "      " + failure_sentence(group.key, group.evidence, place.protocol == "unix", style);
    sentence += who_and_when(summary, group.evidence, clock, style);
    out += wrapped(sentence, width_of(style), 6);
  }
  std::uint64_t hidden = summary.failures_beyond_limit;
  for (std::size_t i = shown; i < chosen.size(); ++i) {
    hidden += summary.failures[chosen[i]].evidence.count;
  }
  if (hidden > 0) {
    out += fmt::format("  {} and {} in other ways or places\n", glyphs(style).more,
                       counted(hidden, "more failure"));
  }
  return out + wrapped(footer, width_of(style), 4);
}

std::vector<std::size_t> undiagnosed(const Summary& summary, const std::vector<Finding>& findings) {
  std::unordered_map<std::int64_t, std::size_t> group_of;  // by id of an attempt
  for (std::size_t i = 0; i < summary.failures.size(); ++i) {
    for (const std::int64_t id : summary.failures[i].evidence.ids) group_of.emplace(id, i);
  }
  // Findings name some of their attempts, and how many they have in all. Those inside another
  // finding are about the same attempts as that one, so they are counted apart.
  using Told = std::unordered_map<std::size_t, std::int64_t>;  // attempts, by group
  const auto told_by = [&](const auto& self, const Finding& finding) -> Told {
    Told inside;
    for (const Finding& explained : finding.explained) {
      for (const auto& [group, count] : self(self, explained)) inside[group] += count;
    }
    for (const std::int64_t id : finding.connections) {
      const auto group = group_of.find(id);
      if (group == group_of.end()) continue;
      std::int64_t& count = inside[group->second];
      count = std::max(count, finding.connections_total);
    }
    return inside;
  };
  std::vector<std::int64_t> told(summary.failures.size(), 0);
  for (const Finding& finding : findings) {
    for (const auto& [group, count] : told_by(told_by, finding)) told[group] += count;
  }
  const std::unordered_set<std::int64_t> named = named_in(findings);
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < told.size(); ++i) {
    const model::Evidence& group = summary.failures[i].evidence;
    const bool all_named =
        group.ids.size() == group.count &&
        std::ranges::all_of(group.ids, [&](std::int64_t id) { return named.contains(id); });
    if (!all_named && static_cast<std::uint64_t>(told[i]) < group.count) rest.push_back(i);
  }
  return rest;
}

}  // namespace sockwatch::render
