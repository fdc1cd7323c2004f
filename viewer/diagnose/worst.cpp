#include "viewer/diagnose/worst.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace sockwatch::diagnose {
namespace {

// A hint must not stand before what is known, however often it was seen.
bool is_hint(const Finding& finding) { return finding.confidence == Confidence::low; }

// SNDTIMEO and SYNDROP of the same attempts: what the program was told comes before what the
// network did, or its message would be looked for in vain.
int rank(const Finding& finding) { return finding.rule == "SNDTIMEO" ? 0 : 1; }

auto order(const Finding& finding, std::int64_t weight) {
  return std::tuple(finding.severity, is_hint(finding), -weight, -finding.count, finding.confidence,
                    rank(finding), finding.rule, std::string_view(finding.subject));
}

// The places that findings speak of, and how many attempts their errors account for.
class ErrorsAtPlaces {
 public:
  ErrorsAtPlaces(const std::vector<Finding>& findings, const Places& places) : places_(places) {
    for (const Finding& finding : findings) services_.try_emplace(finding.subject);
    for (auto& [subject, service] : services_) service = places.find_service(subject);
    // Some speak of one address of a name.
    for (PlaceId id = 0; id < places.size(); ++id) {
      const auto found = services_.find(places[id].endpoint);
      if (found != services_.end() && !found->second) found->second = places[id].service;
    }
    for (const Finding& finding : findings) {
      const auto service = services_.at(finding.subject);
      if (service && is_known_error(finding)) errors_[*service] += finding.count;
    }
  }

  std::int64_t weight(const Finding& finding) const {
    const auto service = services_.at(finding.subject);
    if (!service || !is_known_error(finding)) return finding.count;
    // Two of them may speak of the same attempt.
    const Fared& fared = places_.fared(*service);
    return std::min(errors_.at(*service), fared.failed > 0 ? fared.failed : fared.attempts);
  }

 private:
  static bool is_known_error(const Finding& finding) {
    return finding.severity == Severity::error && !is_hint(finding);
  }

  const Places& places_;
  std::unordered_map<std::string_view, std::optional<ServiceId>> services_;  // by subject
  std::map<ServiceId, std::int64_t> errors_;
};

}  // namespace

bool before(const Finding& a, const Finding& b) { return order(a, a.count) < order(b, b.count); }

void sort_worst_first(std::vector<Finding>& findings, const Places& places) {
  std::vector<std::pair<std::int64_t, Finding>> weighed;
  {
    const ErrorsAtPlaces at_places(findings, places);
    for (const Finding& finding : findings)
      weighed.emplace_back(at_places.weight(finding), Finding());
  }
  for (std::size_t i = 0; i < findings.size(); ++i) weighed[i].second = std::move(findings[i]);
  std::stable_sort(weighed.begin(), weighed.end(), [](const auto& a, const auto& b) {
    return order(a.second, a.first) < order(b.second, b.first);
  });
  for (std::size_t i = 0; i < findings.size(); ++i) findings[i] = std::move(weighed[i].second);
}

}  // namespace sockwatch::diagnose
