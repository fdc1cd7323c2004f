#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "viewer/diagnose/alike.h"
#include "viewer/diagnose/diagnose.h"
#include "viewer/diagnose/possible.h"
#include "viewer/diagnose/worst.h"

namespace sockwatch::diagnose {
namespace {

// Which finding each is shown inside of; itself: in the list.
class Families {
 public:
  explicit Families(const std::vector<Finding>& findings)
      : parents_(findings.size()), adds_(findings.size(), false) {
    std::map<std::pair<std::string_view, std::string_view>, std::vector<std::size_t>> places;
    for (std::size_t i = 0; i < findings.size(); ++i) {
      parents_[i] = i;
      places[{findings[i].rule, findings[i].subject}].push_back(i);
    }
    for (std::size_t i = 0; i < findings.size(); ++i) {
      for (const Explains& explains : findings[i].explains) {
        const auto found = places.find({explains.rule, explains.subject});
        if (found == places.end()) continue;
        for (const std::size_t child : found->second) adopt(i, child, explains.adds);
      }
    }
  }

  std::size_t parent(std::size_t i) const { return parents_[i]; }
  bool in_list(std::size_t i) const { return parents_[i] == i; }
  bool adds(std::size_t i) const { return adds_[i]; }  // its attempts to its parent's

 private:
  // The worst finding that gives the reason keeps it; two never explain each other.
  void adopt(std::size_t parent, std::size_t child, bool adds) {
    if (!in_list(child)) return;
    for (std::size_t above = parent;; above = parents_[above]) {
      if (above == child) return;
      if (in_list(above)) break;
    }
    parents_[child] = parent;
    adds_[child] = adds;
  }

  std::vector<std::size_t> parents_;
  std::vector<bool> adds_;
};

std::vector<Finding> group(std::vector<Finding> findings) {
  std::sort(findings.begin(), findings.end(), before);
  const Families families(findings);
  std::vector<std::vector<std::size_t>> children(findings.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (!families.in_list(i)) children[families.parent(i)].push_back(i);
  }
  const auto take = [&](const auto& self, std::size_t i) -> Finding {
    Finding finding = std::move(findings[i]);
    for (const std::size_t child : children[i]) {
      finding.explained.push_back(self(self, child));
      if (families.adds(child)) finding.add_attempts_of(finding.explained.back());
      // The reason of an error is an error.
      finding.severity = std::min(finding.severity, finding.explained.back().severity);
    }
    return finding;
  };
  std::vector<Finding> grouped;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (families.in_list(i)) grouped.push_back(take(take, i));
  }
  std::stable_sort(grouped.begin(), grouped.end(), before);
  return grouped;
}

class Numbering {
 public:
  void give(std::vector<Finding>& findings) {
    for (Finding& finding : findings) {
      const auto kind = static_cast<std::size_t>(finding.severity);
      finding.id = fmt::format("{}{}", "EWI"[kind], ++last_[kind]);
    }
    for (Finding& finding : findings) give(finding.explained);
  }

 private:
  std::array<int, 3> last_{};
};

}  // namespace

Finding Rule::finding(Severity severity, Confidence confidence, std::string subject) const {
  Finding finding;
  finding.rule = entry().id;
  finding.severity = severity;
  finding.confidence = confidence;
  finding.subject = std::move(subject);
  return finding;
}

Session::Session(Settings settings, Rules rules, bool filtered)
    : settings_(std::move(settings)),
      context_{settings_, places_, programs_, lookup_ends_, filtered},
      rules_(std::move(rules)) {
  for (const auto& rule : rules_) {
    rule->begin(context_);
    if (rule->wants_healthy()) for_healthy_.push_back(rule.get());
  }
}

void Session::add(const store::ProcessRow& told) {
  const Possible possible(told);
  const store::ProcessRow& row = *possible;
  if (row.proxies) troubles_ |= kProxy;
  programs_.add(row);
  const std::string_view program = programs_.name_of(row.id);
  if (program == "node" || program == "nodejs") troubles_ |= kNode;
  for (const auto& rule : rules_) rule->see(row);
}

void Session::add(const store::LossRow& told) {
  const Possible possible(told);
  const store::LossRow& row = *possible;
  for (const auto& rule : rules_) rule->see(row);
}

void Session::add(const store::ListenerRow& told) {
  const Possible possible(told);
  const store::ListenerRow& row = *possible;
  for (const auto& rule : rules_) rule->see(row);
}

void Session::add(const store::FailedCallRow& told) {
  const Possible possible(told);
  const store::FailedCallRow& row = *possible;
  if (row.error == EMFILE || row.error == ENFILE) troubles_ |= kDescriptors;
  for (const auto& rule : rules_) rule->see(row);
}

void Session::add(const store::ResolutionRow& told) {
  const Possible possible(told);
  const store::ResolutionRow& row = *possible;
  lookup_ends_.add(row);
  for (const auto& rule : rules_) rule->see(row);
}

void Session::add(const store::ConnectionRow& told) {
  const Possible possible(told);
  const store::ConnectionRow& row = *possible;
  const auto place = places_.of(row);
  if (!place) {
    ++context_.unexamined;
    return;
  }
  Attempt attempt = examine(row);
  attempt.place = *place;
  attempt.service = places_[*place].service;
  places_.count(*place, attempt.is(model::Outcome::connected), attempt.failed);
  attempt.program = programs_.of(row.process_id);
  attempt.lookup_age_ns = lookup_ends_.age_at(row);
  if (attempt.healthy) {
    for (Rule* rule : for_healthy_) rule->see(attempt);
  } else {
    for (const auto& rule : rules_) rule->see(attempt);
  }
}

std::unique_ptr<LongTrace> Session::begin_long_trace() {
  for (const Rule* rule : for_healthy_) {
    if (!need_of(rule->entry().id).is_declared) return nullptr;
  }
  if (!settings_.proxies.empty()) troubles_ |= kProxy;  // or a process has one
  return std::make_unique<LongTrace>(context_, places_, programs_, rules_, troubles_);
}

std::vector<Finding> Session::finish() {
  std::vector<Finding> findings;
  for (const auto& rule : rules_) rule->conclude(findings);
  findings = gather_alike(group(std::move(findings)));
  sort_worst_first(findings, places_);
  Numbering().give(findings);
  return findings;
}

}  // namespace sockwatch::diagnose
