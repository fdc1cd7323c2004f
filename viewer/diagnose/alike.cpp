#include "viewer/diagnose/alike.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

constexpr std::int64_t kFewAttempts = 2;

using Kind = std::tuple<std::string_view, Severity, Confidence>;
Kind kind_of(const Finding& finding) {
  return {finding.rule, finding.severity, finding.confidence};
}

// Of one place, and nothing more to it than that.
bool is_small(const Finding& finding) {
  return finding.of >= 1 && finding.of <= kFewAttempts && finding.explained.empty() &&
         finding.connections_total > 0 && finding.resolutions_total == 0;
}

Finding tell_together(std::vector<Finding> alike) {
  const Finding& first =
      *std::min_element(alike.begin(), alike.end(),
                        [](const Finding& a, const Finding& b) { return a.first_ns < b.first_ns; });
  Finding all;
  all.rule = first.rule;
  all.severity = first.severity;
  all.confidence = first.confidence;
  all.first_ns = first.first_ns;
  const auto places = static_cast<std::int64_t>(alike.size());
  all.subject = counted(places, "destination");
  all.summary = fmt::format("{} fared alike. The first: {}", all.subject, first.summary);
  all.evidence = {fmt::format("at most {} to each of them", counted(kFewAttempts, "attempt")),
                  "told together, as there are so many: was something looking for an open port, "
                  "or for hosts?"};
  all.excluded = first.excluded;
  all.next_steps = first.next_steps;
  for (const Finding& one : alike) {
    all.count += one.count;
    all.of += one.of;
    all.last_ns = std::max(all.last_ns, one.last_ns);
    all.connections.insert(all.connections.end(), one.connections.begin(), one.connections.end());
    all.connections_total += one.connections_total;
  }
  std::sort(all.connections.begin(), all.connections.end());
  if (all.connections.size() > Finding::kExamples) all.connections.resize(Finding::kExamples);
  all.explained = std::move(alike);
  return all;
}

}  // namespace

std::vector<Finding> gather_alike(std::vector<Finding> findings) {
  std::map<Kind, std::size_t> counts;
  for (const Finding& finding : findings) counts[kind_of(finding)] += is_small(finding) ? 1 : 0;
  std::map<Kind, std::vector<Finding>> alike;
  std::vector<Finding> rest;
  for (Finding& finding : findings) {
    const Kind kind = kind_of(finding);
    const bool one_of_many = is_small(finding) && counts[kind] >= kManyAlike;
    (one_of_many ? alike[kind] : rest).push_back(std::move(finding));
  }
  for (auto& [kind, some] : alike) rest.push_back(tell_together(std::move(some)));
  return rest;
}

}  // namespace sockwatch::diagnose
