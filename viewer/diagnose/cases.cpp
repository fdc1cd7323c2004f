#include "viewer/diagnose/cases.h"

#include <fmt/format.h>

#include "viewer/diagnose/phrase.h"
#include "viewer/model/destination.h"
#include "viewer/model/shell_word.h"

namespace sockwatch::diagnose {

std::string times(const Span& span) {
  const std::string least = time_span(span.least);
  const std::string most = time_span(span.most);
  return least == most ? least : least + " to " + most;
}

std::string numbers(const Span& span) {
  if (span.least == span.most) return number(span.least);
  return number(span.least) + " to " + number(span.most);
}

Case::Case(const Attempt& attempt)
    : id(attempt.row.id),
      process_id(attempt.row.process_id),
      tid(attempt.row.tid),
      lookup(attempt.row.resolution_id),
      lookup_age_ns(attempt.lookup_age_ns),
      place(attempt.place),
      service(attempt.service),
      program(attempt.program),
      started_ns(attempt.row.started_ns),
      elapsed_ns(attempt.elapsed_ns),
      resends(model::resends(attempt.row)),
      // A signal comes when it comes: no time that was allowed.
      budget_ns(attempt.row.budget_source == "signal" ? std::nullopt : attempt.row.budget_ns),
      error(attempt.row.error),
      failed(attempt.failed) {
  // The kernel takes a blocking socket apart when connect fails: a 0 alone proves nothing.
  if (attempt.row.segs_out.value_or(0) > 0) packets_in = attempt.row.segs_in;
}

void Cases::add(const Case& one, Confidence confidence) {
  store::ConnectionRow row;
  row.id = one.id;
  row.started_ns = one.started_ns;
  if (count() == 0) program_ = one.program;
  seen_.add(row);
  failed_ += one.failed && !one.made_good ? 1 : 0;
  made_good_ += one.made_good ? 1 : 0;
  perhaps_made_good_ += one.perhaps_made_good ? 1 : 0;
  if (!made_good_by_) made_good_by_ = one.made_good;
  ++confidences_[static_cast<std::size_t>(confidence)];
  took_.add(one.elapsed_ns);
  resends_.add(one.resends);
  budget_.add(one.budget_ns);
  packets_in_.add(one.packets_in);
  if (one.error && errors_.size() < 8 &&
      std::find(errors_.begin(), errors_.end(), *one.error) == errors_.end()) {
    errors_.push_back(*one.error);
  }
  const auto known = std::find_if(by_place_.begin(), by_place_.end(),
                                  [&](const auto& entry) { return entry.first == one.place; });
  if (known == by_place_.end()) {
    by_place_.emplace_back(one.place, 1);
  } else {
    ++known->second;
  }
}

Confidence Cases::confidence() const {
  const auto [high, medium, low] = confidences_;
  if (high * 2 >= count()) return Confidence::high;
  return (high + medium) * 2 >= count() ? Confidence::medium : Confidence::low;
}

std::string Cases::errors() const {
  std::string text;
  for (const std::int64_t error : errors_) {
    text += (text.empty() ? "" : ", ") + errno_name(error);
  }
  return text;
}

std::int64_t Cases::connected_there(const Places& places) const {
  std::int64_t connected = 0;
  for (const auto& [place, times] : by_place_) connected += places[place].fared.connected;
  return connected;
}

std::string Cases::addresses(const Places& places) const {
  if (by_place_.size() < 2) return {};
  std::string text;
  std::size_t shown = 0;
  for (const auto& [place, times] : by_place_) {
    if (++shown > 8) return text + fmt::format(", and {} more", by_place_.size() - 8);
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", places[place].address, number(times));
  }
  return text;
}

std::string with_address(const Places& places, PlaceId id) {
  const Place& place = places[id];
  if (!place.name || place.address.empty()) return place.endpoint;
  return fmt::format("{} ({})", places.service(place.service), place.address);
}

std::string host_of(const Place& place) {
  return model::shell_word(place.address.empty() ? place.name.value_or("ADDRESS") : place.address);
}

std::string at_host(const Place& place) {
  const bool ours = place.address.starts_with("127.") || place.address == "::1";
  return "on " + (ours ? "this host" : host_of(place));
}

std::string url_of(std::string_view endpoint) {
  return model::shell_word(fmt::format("http://{}/", endpoint));
}

std::int64_t port_of(const Place& place) { return place.port.value_or(0); }

void CaseRule::see(const Attempt& attempt) {
  const auto confidence = grade(attempt);
  if (!confidence) return;
  count(Case(attempt), *confidence);
  remember(attempt);
}

void CaseRule::conclude(std::vector<Finding>& findings) {
  for (const auto& [service, cases] : cases_) {
    if (cases.count() == 0) continue;
    Finding found = finding(severity(cases), cases.confidence(), context().places.service(service));
    cases.seen().fill(found, context().places.fared(service).attempts);
    tell(cases, found);
    if (const std::string at = cases.addresses(context().places); !at.empty()) {
      found.evidence.push_back("by address: " + at);
    }
    amend(cases, found);
    findings.push_back(std::move(found));
  }
}

void explain_covered(Finding& finding, const std::vector<Finding>& findings,
                     const std::string& subject, std::int64_t count,
                     std::initializer_list<std::string_view> rules) {
  for (const Finding& other : findings) {
    if (other.subject != subject || other.count > count + count / 20) continue;
    if (std::find(rules.begin(), rules.end(), other.rule) == rules.end()) continue;
    finding.explains.push_back({other.rule, subject});
  }
}

std::string observed(const Finding& finding, std::string_view what) {
  const bool few = finding.count < 5;
  return fmt::format("{}: {}{}", what, share(finding.count, finding.of),
                     few ? "; fewer than five, so judge with care" : "");
}

}  // namespace sockwatch::diagnose
