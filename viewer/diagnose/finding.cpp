#include "viewer/diagnose/finding.h"

#include <algorithm>
#include <iterator>

namespace sockwatch::diagnose {
namespace {

void keep(std::vector<std::int64_t>& ids, std::int64_t id) {
  if (ids.size() < Finding::kExamples) ids.push_back(id);
}

}  // namespace

void Finding::add_attempts_of(const Finding& other) {
  count += other.count;
  of = std::max(of, other.of);
  if (other.first_ns) first_ns = std::min(first_ns.value_or(*other.first_ns), *other.first_ns);
  if (other.last_ns) last_ns = std::max(last_ns.value_or(*other.last_ns), *other.last_ns);
  std::vector<std::int64_t> all;
  std::set_union(connections.begin(), connections.end(), other.connections.begin(),
                 other.connections.end(), std::back_inserter(all));
  if (all.size() > kExamples) all.resize(kExamples);
  connections = std::move(all);
  connections_total += other.connections_total;
}

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::info:
      break;
  }
  return "info";
}

std::string_view word(Confidence confidence) {
  switch (confidence) {
    case Confidence::high:
      return "high";
    case Confidence::medium:
      return "medium";
    case Confidence::low:
      break;
  }
  return "low";
}

void Sightings::add(std::int64_t times, store::Ns first_ns, store::Ns last_ns) {
  count_ += times;
  first_ns_ = std::min(first_ns_.value_or(first_ns), first_ns);
  last_ns_ = std::max(last_ns_.value_or(last_ns), last_ns);
}

void Sightings::add(const store::ConnectionRow& row) {
  add(1, row.started_ns, row.started_ns);
  ++connections_total_;
  keep(connections_, row.id);
}

void Sightings::add(const store::ResolutionRow& row) {
  add(1, row.started_ns, row.started_ns);
  ++resolutions_total_;
  keep(resolutions_, row.id);
}

void Sightings::add(const store::FailedCallRow& row) { add(row.count, row.first_ns, row.last_ns); }

void Sightings::add(const Sightings& others) {
  if (others.count_ == 0) return;
  add(others.count_, *others.first_ns_, *others.last_ns_);
  connections_total_ += others.connections_total_;
  resolutions_total_ += others.resolutions_total_;
  for (const std::int64_t id : others.connections_) keep(connections_, id);
  for (const std::int64_t id : others.resolutions_) keep(resolutions_, id);
}

void Sightings::fill(Finding& finding, std::int64_t of) const {
  finding.count = count_;
  finding.of = of;
  finding.first_ns = first_ns_;
  finding.last_ns = last_ns_;
  finding.connections = connections_;
  finding.connections_total = connections_total_;
  finding.resolutions = resolutions_;
  finding.resolutions_total = resolutions_total_;
}

}  // namespace sockwatch::diagnose
