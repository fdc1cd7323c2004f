// What lookups took away from the connections behind them.
#include <fmt/format.h>

#include <algorithm>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/lookup.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

using model::Ending;
using model::Outcome;

class DnsBudget : public Rule {
 public:
  // A lookup shorter than this cannot have spoiled anything a person waits for.
  static constexpr store::Ns kLong = 250'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-BUDGET",
        .family = Family::lookup,
        .title = "the lookup ate the time budget",
        .signature =
            "An attempt timed out, and 60 % or more of the time from the start of its "
            "lookup to its end went to the lookup (at least 0.25 s); or the program gave "
            "up while the lookup was still going on.",
        .meaning =
            "The program allows a limited time for the whole call. Finding the address of "
            "the name used up most of it, so that too little was left for the connection "
            "itself, which then looks like the part that failed.",
        .not_this =
            "Not proof that the server is slow: it had hardly any time to answer. A "
            "program that counts the time of the connect alone would have waited longer.",
        .next = {"dig @NAMESERVER NAME A; dig @NAMESERVER NAME AAAA",
                 "see the diagnoses of lookups (DNS-...): they say why it took so long",
                 "raise the timeout only after the lookup is fast again"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row)) return;
    if (never_ended(row)) {
      Unfinished* name = unfinished_.slot(*row.name);
      if (name == nullptr) return;
      name->sightings.add(row);
      name->longest = std::max(name->longest, row.duration_ns);
    } else if (found(row) && row.duration_ns >= kLong) {
      if (Lookup* kept = slow_.slot(row.id)) *kept = {row.started_ns, row.duration_ns};
    }
    if (Total* total = lookups_.slot(*row.name)) ++total->count;
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    const bool timed_out =
        attempt.is(Outcome::timed_out_caller) || attempt.is(Ending::response_timed_out);
    if (!timed_out || !row.resolution_id) return;
    Service* service = services_.slot(attempt.service);
    if (service == nullptr) return;
    ++service->timed_out;
    const Lookup* lookup = slow_.find(*row.resolution_id);
    const store::OptInt end = row.closed_ns ? row.closed_ns : row.decided_ns;
    if (lookup == nullptr || !end) return;
    const store::Ns whole = *end - lookup->started;
    // Another attempt on the same lookup came before this one where it began long after it.
    const bool follows = row.started_ns - (lookup->started + lookup->took) < kLong;
    if (!follows || lookup->took * 10 < whole * 6) return;
    service->sightings.add(row);
    // SYNs sent again had their time too: then the silence needs a reason of its own.
    service->tried_again |= row.syn_retransmits.value_or(0) > 0;
    if (lookup->took > service->took) {
      service->took = lookup->took;
      service->whole = whole;
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, service] : services_) {
      if (service.sightings.count() > 0) findings.push_back(of_service(id, service));
    }
    for (const auto& [name, seen] : unfinished_) {
      auto result = finding(Severity::error, Confidence::high, name);
      const Total* total = lookups_.find(name);
      seen.sightings.fill(result, total == nullptr ? seen.sightings.count() : total->count);
      result.summary = fmt::format(
          "The program gave up on {} after {} of name lookup; no connection was attempted.", name,
          time_span(seen.longest));
      result.evidence.push_back(
          fmt::format("{} lookups had not ended when the program gave up or ended",
                      share(result.count, result.of)));
      result.excluded.push_back("The server: it never heard of this call.");
      result.next_steps = dig_commands(settings(), name);
      findings.push_back(std::move(result));
    }
  }

 private:
  struct Lookup {
    store::Ns started = 0;
    store::Ns took = 0;
  };
  struct Total {
    std::int64_t count = 0;
  };
  struct Service {
    std::int64_t timed_out = 0;
    Sightings sightings;
    bool tried_again = false;
    store::Ns took = 0;
    store::Ns whole = 0;
  };
  struct Unfinished {
    Sightings sightings;
    store::Ns longest = 0;
  };

  Finding of_service(ServiceId id, const Service& service) const {
    const std::string& subject = context().places.service(id);
    auto result = finding(Severity::error,
                          service.tried_again ? Confidence::medium : Confidence::high, subject);
    service.sightings.fill(result, service.timed_out);
    result.summary = fmt::format("{} of the {} budget went to the lookup; the connection had {}.",
                                 time_span(service.took), time_span(service.whole),
                                 time_span(service.whole - service.took));
    result.evidence.push_back(
        fmt::format("{} attempts that timed out spent 60 % or more of their time in the lookup",
                    share(result.count, result.of)));
    if (service.tried_again) {
      result.evidence.push_back(
          "The SYN was sent again meanwhile and had no answer either: look at the path as well.");
    } else {
      result.excluded.push_back(
          "A server that does not answer: the connection had too little time to tell.");
      // What says only that the rest was not enough.
      for (const char* rule : {"SYNDROP", "SHORTTO", "ATTEMPTCAP"}) {
        result.explains.push_back({rule, subject});
      }
    }
    result.next_steps = dig_commands(settings(), subject.substr(0, subject.rfind(':')));
    return result;
  }

  Bounded<std::int64_t, Lookup, 200'000> slow_;
  Bounded<std::string, Total> lookups_;
  Bounded<ServiceId, Service, Places::kLimit> services_;
  Bounded<std::string, Unfinished> unfinished_;
};

}  // namespace

void add_lookup_cost_rules(Rules& rules) { rules.push_back(std::make_unique<DnsBudget>()); }

}  // namespace sockwatch::diagnose
