#include "viewer/diagnose/handshake_fallback.h"

#include <fmt/format.h>

#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {

void AddressRule::see(const Attempt& attempt) {
  watch(attempt);
  if (attempt.is(model::Outcome::connected)) return;
  const auto confidence = grade(attempt);
  if (!confidence) return;
  fallbacks_.add(Case(attempt), *confidence,
                 [this](const Case& one, Confidence sure) { count(one, sure); });
  remember(attempt);
}

void AddressRule::see_plain(const PlainRun& run) {
  fallbacks_.see_plain(run, [this](const Case& one, Confidence sure) { count(one, sure); });
}

void AddressRule::watch(const Attempt& attempt) {
  if (!is_tcp(attempt)) return;
  fallbacks_.see(attempt, [this](const Case& one, Confidence sure) { count(one, sure); });
}

void AddressRule::conclude(std::vector<Finding>& findings) {
  fallbacks_.finish([this](const Case& one, Confidence confidence) { count(one, confidence); });
  CaseRule::conclude(findings);
}

Severity AddressRule::severity(const Cases& cases) const { return severity_of(cases); }

void AddressRule::amend(const Cases& cases, Finding& finding) const {
  tell_made_good(cases, context().places, finding);
}

Severity severity_of(const Cases& cases) {
  if (cases.failed() > 0) return Severity::error;
  return cases.all_made_good() ? Severity::info : Severity::warning;
}

void tell_made_good(const Cases& cases, const Places& places, Finding& finding) {
  if (cases.perhaps_made_good() > 0) {
    finding.evidence.push_back(fmt::format(
        "after these the program connected to another address of the name at once, which it had "
        "looked up for an earlier call: {}; whether for the same request is not known",
        share(cases.perhaps_made_good(), finding.count)));
  }
  if (cases.made_good() == 0) return;
  const Place& to = places[cases.first_place()];
  finding.evidence.push_back(
      fmt::format("after these the program got through on another address of the name: {}",
                  share(cases.made_good(), finding.count)));
  if (!cases.all_made_good()) return;
  finding.summary = fmt::format(
      "No connection to {}, one address of {}, within {}; {}the program got through on another "
      "({}).",
      to.address, finding.subject, times(cases.took()), finding.count > 1 ? "each time " : "",
      places[*cases.made_good_by()].address);
  finding.excluded.emplace_back("not a failure of the program: it reached another address");
  finding.next_steps = {
      fmt::format("mtr -T -P {} {}", port_of(to), host_of(to)),
      fmt::format("mend the way to {}, or take it out of the name: each use of it costs {}",
                  to.address, times(cases.took()))};
  if (to.address.find(':') != std::string::npos) {
    finding.next_steps.emplace_back("or prefer IPv4 on this host (/etc/gai.conf)");
  }
}

}  // namespace sockwatch::diagnose
