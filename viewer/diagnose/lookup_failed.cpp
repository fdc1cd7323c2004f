// Lookups that failed at once, and those that were answered with a no.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/lookup.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

class DnsFail : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-FAIL",
        .family = Family::lookup,
        .title = "the lookup fails at once",
        .signature =
            "The lookup ended with EAI_AGAIN or EAI_FAIL in less than half of the "
            "resolver's timeout.",
        .meaning =
            "The resolver gave up without waiting for its time-out. Either a name server "
            "answered with a failure (it could not find out itself, SERVFAIL, or it refused), "
            "or none could be asked: nobody serves port 53 there, a firewall rejects the "
            "query, or this host has no route to it. The program has no address, so it never "
            "tried to connect.",
        .not_this =
            "Not a lost packet: that would have taken the resolver's full timeout. Not a "
            "name that does not exist: that is another answer (EAI_NONAME).",
        .next = {"dig @NAMESERVER NAME: SERVFAIL, or 'connection refused'?", "dig NAME +trace",
                 "cat /etc/resolv.conf"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row)) return;
    PerName* name = names_.slot(*row.name);
    if (name == nullptr) return;
    ++name->lookups;
    const bool failure = try_again(row) || failed_for_good(row);
    if (!failure || row.duration_ns >= settings().resolver_timeout / 2) return;
    name->sightings.add(row);
    name->longest = std::max(name->longest, row.duration_ns);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [name, seen] : names_) {
      if (seen.sightings.count() == 0) continue;
      auto result = finding(Severity::error, Confidence::high, name);
      seen.sightings.fill(result, seen.lookups);
      result.summary = fmt::format(
          "The lookup of {} failed without a time-out: the name server answered with a failure "
          "(SERVFAIL), or nobody serves port 53 there.",
          name);
      result.evidence.push_back(fmt::format("{} lookups failed, the slowest in {}",
                                            share(result.count, result.of),
                                            time_span(seen.longest)));
      result.excluded.push_back(fmt::format("Lost queries: they would have taken {} and more.",
                                            time_span(settings().resolver_timeout)));
      // Its answer tells the two apart: a status, or 'connection refused'.
      result.next_steps = dig_commands(settings(), name);
      result.next_steps.push_back(dig(name, "+trace"));
      findings.push_back(std::move(result));
    }
  }

 private:
  struct PerName {
    std::int64_t lookups = 0;
    Sightings sightings;
    store::Ns longest = 0;
  };
  Bounded<std::string, PerName> names_;
};

class DnsNx : public Rule {
 public:
  // A program that asks for one family, or under one more suffix, has its answer this soon.
  static constexpr store::Ns kAskedAgain = 5'000'000'000;
  // Less than the shortest way to a name server and back: the program only tried whether the text
  // is an address (AI_NUMERICHOST).
  static constexpr store::Ns kNobodyAsked = 50'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-NX",
        .family = Family::lookup,
        .title = "the name does not exist",
        .signature =
            "The lookup ended with EAI_NONAME or EAI_NODATA, took at least 0.05 ms, and "
            "the same name (also with a suffix of the search list removed) was not found "
            "within 5 s before or after.",
        .meaning =
            "The name servers were asked and answered: there is no such name, or it has no "
            "address. Usually a typing error, a name that exists only inside another "
            "network, or a missing suffix. The program never tried to connect.",
        .not_this = "Not a network problem: the answer came.",
        .next = {"getent ahosts NAME", "dig NAME", "grep search /etc/resolv.conf"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row)) return;
    PerName* name = names_.slot(*row.name);
    if (name == nullptr) return;
    if (no_such_name(row)) {
      if (row.duration_ns < kNobodyAsked) return;
      ++name->lookups;
      if (name->found_ns && row.started_ns - *name->found_ns <= kAskedAgain) return;
      if (name->pending.size() == kPending) settle(*name);
      name->pending.push_back(row);
    } else {
      ++name->lookups;
      if (!found(row)) return;
      note_found(*name, row.started_ns);
      // With and without a suffix of the search list it is the same wish.
      for (const std::string& suffix : settings().search) {
        const std::string ending = "." + suffix;
        if (PerName* longer = names_.find(*row.name + ending)) note_found(*longer, row.started_ns);
        if (!row.name->ends_with(ending)) continue;
        const std::string bare = row.name->substr(0, row.name->size() - ending.size());
        if (PerName* shorter = names_.find(bare)) note_found(*shorter, row.started_ns);
      }
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (auto& [name, seen] : names_) {
      settle(seen);
      if (seen.sightings.count() == 0) continue;
      const bool comes_and_goes = seen.found_ns.has_value();
      auto result =
          finding(comes_and_goes ? Severity::warning : Severity::error, Confidence::high, name);
      seen.sightings.fill(result, seen.lookups);
      result.summary =
          comes_and_goes
              ? fmt::format(
                    "{} did not exist for this resolver in {} lookups; at other times it "
                    "was found.",
                    name, share(result.count, result.of))
              : fmt::format("{} does not exist for this resolver (search list: {}).", name,
                            settings().search.empty()
                                ? "none"
                                : fmt::format("{}", fmt::join(settings().search, " ")));
      result.evidence.push_back(
          fmt::format("{} lookups were answered with 'no such name' or 'no "
                      "address'",
                      share(result.count, result.of)));
      result.excluded.push_back("Lost queries: the answer came.");
      result.next_steps = {getent_command(name), dig(name, "A")};
      findings.push_back(std::move(result));
    }
  }

 private:
  static constexpr std::size_t kPending = 64;

  struct PerName {
    std::int64_t lookups = 0;
    store::OptInt found_ns;
    std::vector<store::ResolutionRow> pending;  // no so far; a yes may come
    Sightings sightings;
  };

  static void note_found(PerName& name, store::Ns at) {
    std::erase_if(name.pending,
                  [at](const auto& row) { return at - row.started_ns <= kAskedAgain; });
    settle(name);
    name.found_ns = at;
  }

  static void settle(PerName& name) {
    for (const auto& row : name.pending) name.sightings.add(row);
    name.pending.clear();
  }

  Bounded<std::string, PerName> names_;
};

}  // namespace

void add_failed_lookup_rules(Rules& rules) {
  rules.push_back(std::make_unique<DnsFail>());
  rules.push_back(std::make_unique<DnsNx>());
}

}  // namespace sockwatch::diagnose
