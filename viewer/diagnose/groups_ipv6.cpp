// IPv6 never works, IPv4 does.
#include <fmt/format.h>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/groups.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/destination.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

class V6Bad : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "V6BAD",
        .family = Family::handshake,
        .title = "IPv6 path broken",
        .signature =
            "at least 3 attempts over IPv6 unanswered or rejected, none connected, and "
            "the same names connect over IPv4. Given up in favour of IPv4 counts only "
            "after 150 ms of silence and twice the time IPv4 needs",
        .meaning =
            "The name has an IPv6 and an IPv4 address. The program tries IPv6 first, nothing "
            "comes back, then it falls back to IPv4 and that works. So everything works, but each "
            "time late.",
        .not_this =
            "The service is up. A host without any IPv6 route says so at once and loses no time. "
            "A refusal over IPv6 is a server that listens on IPv4 only (REFUSED6).",
        .next = {"curl -6 -v URL", "mend the IPv6 route, or prefer IPv4 in /etc/gai.conf"}};
    return kEntry;
  }

  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (!is_tcp(attempt) || !row.peer_name) return;
    if (names_.size() <= attempt.service) names_.resize(attempt.service + 1);
    Name& name = names_[attempt.service];
    const bool six = row.family == "ipv6";
    if (attempt.is(Outcome::connected)) {
      if (six) {
        ++name.six_connected;
        return;
      }
      ++name.four_connected;
      name.four_slowest_ns =
          std::max(name.four_slowest_ns, model::handshake_ns(row.rtt_us).value_or(0));
      return;
    }
    if (!six) return;
    const bool raced = attempt.is(Outcome::superseded) || attempt.is(Outcome::cancelled);
    const bool broken = raced ? attempt.silent && attempt.elapsed_ns >= 150 * kMs
                              : (attempt.silent && attempt.failed) || attempt.is(Outcome::rejected);
    if (!broken) return;
    if (name.broken == nullptr) name.broken = std::make_unique<Broken>();
    name.broken->cases.add(Case(attempt), raced && row.syn_retransmits.value_or(0) == 0
                                              ? Confidence::medium
                                              : Confidence::high);
    name.broken->lost_ns += attempt.elapsed_ns;
    if (raced) name.broken->raced.add(attempt.elapsed_ns);
  }

  void see_plain(const PlainRun& run) override {
    if (names_.size() <= run.service()) names_.resize(run.service() + 1);
    Name& name = names_[run.service()];
    for (const RunPlace& to : run.places()) {
      if (!context().places[to.place].name) continue;
      if (run.shape_of(to).family == "ipv6") {
        name.six_connected += to.attempts;
        continue;
      }
      name.four_connected += to.attempts;
      name.four_slowest_ns = std::max(name.four_slowest_ns, to.handshake_ns.most);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (ServiceId service = 0; service < names_.size(); ++service) {
      const Name& name = names_[service];
      if (name.broken == nullptr || name.six_connected > 0 || name.four_connected == 0) continue;
      const Broken& broken = *name.broken;
      if (broken.cases.count() < 3) continue;
      // A race lost to a faster IPv4 is no fault.
      if (broken.raced.known > 0 && broken.raced.least < 2 * name.four_slowest_ns) continue;
      Finding found =
          finding(Severity::warning, broken.cases.confidence(), context().places.service(service));
      broken.cases.seen().fill(found, context().places.fared(service).attempts);
      found.summary = fmt::format(
          "IPv6 to {} never works here; falling back to IPv4 costs {} each time, {} in this run.",
          found.subject, times(broken.cases.took()), time_span(broken.lost_ns));
      found.evidence = {observed(found, "attempts over IPv6 without an answer or rejected"),
                        "connected over IPv6: 0",
                        "connected over IPv4: " + number(name.four_connected)};
      found.excluded = {"not the service: it is reached over IPv4",
                        "not a host without IPv6: its packets went out"};
      const Place& to = context().places[broken.cases.first_place()];
      found.next_steps = {fmt::format("curl -6 -v {}", url_of(found.subject)),
                          fmt::format("mtr -6 -T -P {} {}", port_of(to), host_of(to)),
                          "mend the IPv6 route, or prefer IPv4 (/etc/gai.conf)"};
      explain_covered(found, findings, found.subject, found.count, kAddressFailures);
      findings.push_back(std::move(found));
    }
  }

 private:
  struct Broken {
    Cases cases;
    Span raced;
    store::Ns lost_ns = 0;
  };
  struct Name {
    std::int64_t six_connected = 0;
    std::int64_t four_connected = 0;
    store::Ns four_slowest_ns = 0;  // round trip
    std::unique_ptr<Broken> broken;
  };
  std::vector<Name> names_;
};

}  // namespace

void add_ipv6_rule(Rules& rules) { rules.push_back(std::make_unique<V6Bad>()); }

}  // namespace sockwatch::diagnose
