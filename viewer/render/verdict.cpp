#include "viewer/render/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "viewer/diagnose/places.h"
#include "viewer/render/clean_text.h"
#include "viewer/render/failures.h"
#include "viewer/render/format.h"
#include "viewer/render/headline.h"
#include "viewer/render/labelled.h"

namespace sockwatch::render {
namespace {

using diagnose::Finding;
using diagnose::Severity;

std::uint64_t how_many(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::uint64_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

std::string_view in_all(const model::Summary& summary) {
  return summary.filtered ? "Of what matches the filter" : "In all";
}

// "2 more errors and 1 warning below."
std::string others(std::uint64_t errors, std::uint64_t warnings) {
  if (errors + warnings == 0) return "";
  std::string text = " ";
  if (errors > 0) text += counted(errors, "more error");
  if (errors > 0 && warnings > 0) text += " and ";
  if (warnings > 0) text += counted(warnings, "warning");
  return text + " below.";
}

std::string what_is_missing(const model::Summary& summary) {
  std::string text;
  if (summary.unfinished()) text += " The recording has no end: what came later is not here.";
  if (summary.lost() > 0) text += " Records were lost, so this is not the whole picture.";
  return text;
}

bool names(const Finding& finding, const model::FailureGroup& group) {
  const auto& ids = group.evidence.ids;
  return std::any_of(ids.begin(), ids.end(), [&](std::int64_t id) {
    return std::ranges::find(finding.connections, id) != finding.connections.end();
  });
}

// Where attempts failed and the rules account for all of them without calling any an error: the
// first finding that speaks of one.
const Finding* harmless(const model::Summary& summary, const std::vector<Finding>& findings) {
  if (summary.total.failures() == 0 || !undiagnosed(summary, findings).empty()) return nullptr;
  for (const Finding& finding : findings) {
    for (const model::FailureGroup& group : summary.failures) {
      if (names(finding, group)) return &finding;
    }
  }
  return nullptr;
}

// What no rule speaks of: what is known of most of it, and where to look.
std::string why_unknown(const model::Summary& summary, const std::vector<std::size_t>& groups,
                        const TextStyle& style) {
  if (groups.empty()) return "";
  const model::FailureGroup& most = summary.failures[groups.front()];
  const model::Destination& place = summary.destinations[most.key.destination];
  if (most.key.ending == model::Ending::no_response) {
    return " Why it closed without a reply only its own log can tell.";
  }
  if (place.protocol == "udp" && most.key.outcome == model::Outcome::refused) {
    return " An ICMP message said so: nothing listens on that UDP port, or a firewall refuses for "
           "it.";
  }
  if (most.evidence.ids.empty()) return " No rule of the catalogue says why.";
  return fmt::format(
      " No rule of the catalogue says why (all that is known of one: sockwatch show {} {}).",
      shell_word(style.file, style), most.evidence.ids.front());
}

std::string label(const store::OptText& host, const model::Destination& place) {
  return diagnose::endpoint_label(host.value_or(""), place.port, place.protocol);
}

}  // namespace

void sort_by_errors(std::vector<model::NameGroup>& groups, const model::Summary& summary,
                    const std::vector<Finding>& findings) {
  std::unordered_map<std::string_view, std::size_t> first_of;  // finding, by subject
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].severity == Severity::error) first_of.try_emplace(findings[i].subject, i);
  }
  const auto first_error = [&](const model::NameGroup& group) {
    std::size_t first = findings.size();
    const auto consider = [&](const std::string& subject) {
      const auto found = first_of.find(subject);
      if (found != first_of.end()) first = std::min(first, found->second);
    };
    if (group.others || first_of.empty()) return first;
    for (const std::size_t member : group.members) {
      const model::Destination& place = summary.destinations[member];
      if (place.name) consider(label(place.name, place));
      consider(label(place.address, place));
    }
    return first;
  };
  std::vector<std::pair<std::size_t, model::NameGroup>> ranked;
  ranked.reserve(groups.size());
  for (model::NameGroup& group : groups) {
    const std::size_t first = first_error(group);
    ranked.emplace_back(first, std::move(group));
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.others, a.first) < std::pair(b.second.others, b.first);
  });
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = std::move(ranked[i].second);
}

std::string verdict(const model::Summary& summary, const std::vector<model::NameGroup>& groups,
                    const std::vector<Finding>& findings, const TextStyle& style) {
  const std::uint64_t errors = how_many(findings, Severity::error);
  const std::uint64_t warnings = how_many(findings, Severity::warning);
  std::string text = "VERDICT: ";
  if (errors > 0) {
    const Finding& worst = findings.front();
    text += own_words(clean(worst.summary), style);
    const std::uint64_t failed = summary.total.failures();
    if (failed > 0) {
      text += fmt::format(" {}, {} failed.", in_all(summary),
                          share(failed, summary.total.attempts, "attempt"));
    }
    if (worst.confidence != diagnose::Confidence::high) {
      text += fmt::format(" ({} confidence)", word(worst.confidence));
    }
    text += others(errors - 1, warnings);
    return text + what_is_missing(summary);
  }
  if (const Finding* told = harmless(summary, findings)) {
    text += own_words(clean(told->summary), style);
    const bool is_warning = told->severity == Severity::warning;
    text += fmt::format(" {}, {} failed; nothing of it is {} error.", in_all(summary),
                        share(summary.total.failures(), summary.total.attempts, "attempt"),
                        is_warning ? "surely an" : "an");
    text += others(0, warnings - (is_warning ? 1 : 0));
    return text + what_is_missing(summary);
  }
  // The program itself ended each of them, as by alarm() around connect: nothing failed by the
  // rules, and nothing connected either.
  const bool nothing_connected = summary.total.attempts > 0 && summary.total.ok() == 0;
  if (nothing_connected && summary.total.failures() == 0 && warnings > 0) {
    text += own_words(clean(findings.front().summary), style);
    text += fmt::format(" {}, {} connected.", in_all(summary),
                        share(0, summary.total.attempts, "attempt"));
    text += others(0, warnings - 1);
    return text + what_is_missing(summary);
  }
  text += headline(summary, groups, style);
  const bool only_ended =
      summary.total.ok() > 0 &&
      summary.total.failures() == summary.total.count(model::Outcome::abandoned);
  if (summary.total.failures() > 0 && !only_ended) {
    text += why_unknown(summary, undiagnosed(summary, findings), style);
  }
  return text + others(0, warnings);
}

}  // namespace sockwatch::render
