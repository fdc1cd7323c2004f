// Lookups that failed at once, and those that were answered with a no.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

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
    if (found(row) && row.duration_ns > kAsked) ++answered_;
    PerName* name = names_.slot(*row.name);
    if (name == nullptr) return;
    ++name->lookups;
    const bool failure = try_again(row) || failed_for_good(row);
    if (!failure || row.duration_ns >= settings().resolver_timeout / 2) return;
    failures_.add(row);
    ++name->failures;
    name->longest = std::max(name->longest, row.duration_ns);
  }

  // One cause more often than not, a name server that fails: told once, with the names.
  void conclude(std::vector<Finding>& findings) override {
    const std::vector<std::string> names = failing();
    if (names.empty()) return;
    std::int64_t lookups = 0;
    store::Ns longest = 0;
    for (const std::string& name : names) {
      const PerName& seen = *names_.find(name);
      lookups += seen.lookups;
      longest = std::max(longest, seen.longest);
    }
    auto result = finding(Severity::error, Confidence::high, subject_of(names));
    failures_.fill(result, lookups);
    const bool one = names.size() == 1;
    result.summary = fmt::format(
        "The {} of {} failed without a time-out: a name server answered with a failure (SERVFAIL), "
        "or none could be asked (nobody serves port 53 there, no route).",
        one ? "lookup" : "lookups", one ? names.front() : listed(names));
    result.evidence.push_back(fmt::format("{} lookups{} failed, the slowest in {}",
                                          share(result.count, result.of),
                                          one ? "" : " of these names", time_span(longest)));
    if (answered_ > 0) {
      result.evidence.push_back(fmt::format("{} of other names or at other times were answered",
                                            counted(answered_, "lookup")));
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5) && !one; ++i) {
      const PerName& seen = *names_.find(names[i]);
      result.evidence.push_back(
          fmt::format("{}: {}", names[i], share(seen.failures, seen.lookups)));
    }
    result.excluded.push_back(fmt::format("Lost queries: they would have taken {} and more.",
                                          time_span(settings().resolver_timeout)));
    // Its answer tells the two apart: a status, or 'connection refused'.
    result.next_steps = dig_commands(settings(), names.front());
    result.next_steps.push_back(dig(names.front(), "+trace"));
    findings.push_back(std::move(result));
  }

 private:
  static constexpr std::size_t kNamesInSummary = 3;
  // What took less has not asked a name server.
  static constexpr store::Ns kAsked = 100'000;

  struct PerName {
    std::int64_t lookups = 0;
    std::int64_t failures = 0;
    store::Ns longest = 0;
  };

  // Most often first.
  std::vector<std::string> failing() {
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const auto& [name, seen] : names_) {
      if (seen.failures > 0) order.emplace_back(-seen.failures, name);
    }
    std::sort(order.begin(), order.end());
    std::vector<std::string> names;
    names.reserve(order.size());
    for (auto& [count, name] : order) names.push_back(std::move(name));
    return names;
  }

  // "a, b, c and 22 other names"
  static std::string listed(const std::vector<std::string>& names) {
    const std::size_t shown = names.size() > kNamesInSummary + 1 ? kNamesInSummary : names.size();
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) {
      const bool last = i + 1 == names.size();
      text += (i == 0 ? "" : last ? " and " : ", ") + names[i];
    }
    const auto more = static_cast<std::int64_t>(names.size() - shown);
    return more == 0 ? text : text + " and " + counted(more, "other name");
  }

  Bounded<std::string, PerName> names_;
  Sightings failures_;
  std::int64_t answered_ = 0;
};

class DnsNx : public Rule {
 public:
  // A program that asks for one family, or under one more suffix, has its answer this soon.
  static constexpr store::Ns kAskedAgain = 5'000'000'000;
  // Less than the shortest way to a name server and back: nobody was asked.
  static constexpr store::Ns kNobodyAsked = 50'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-NX",
        .family = Family::lookup,
        .title = "the name does not exist, or has no such address",
        .signature =
            "The lookup ended with EAI_NONAME or EAI_NODATA, took at least 0.05 ms, and "
            "the same name (also with a suffix of the search list removed) was neither found "
            "nor left unanswered (EAI_AGAIN) within 5 s before or after. EAI_NODATA (the name "
            "exists): an error only where the program failed, for information where the name was "
            "found at another time or the program ended well.",
        .meaning =
            "The name servers were asked and answered: there is no such name, or it has no "
            "address of the kind asked for (IPv4 or IPv6). Usually a typing error, a name that "
            "exists only inside another network, a missing suffix, or a program told to use IPv6 "
            "only. The program never tried to connect.",
        .not_this =
            "Not a network problem: the answer came. Of a program that only asks whether a text "
            "is an address (AI_NUMERICHOST) nothing is recorded: it asks nobody.",
        .next = {"getent ahosts NAME", "dig NAME A; dig NAME AAAA",
                 "grep search /etc/resolv.conf"}};
    return kEntry;
  }

  void see(const store::ProcessRow& row) override {
    if (!row.exit_status) return;
    if (bool* failed = failed_.slot(row.id)) *failed = *row.exit_status != 0;
  }

  void see(const store::ResolutionRow& row) override {
    if (!asks_a_nameserver(row)) return;
    PerName* name = names_.slot(*row.name);
    if (name == nullptr) return;
    if (no_such_name(row) || no_address(row)) {
      if (row.duration_ns < kNobodyAsked) return;
      ++name->lookups;
      if (name->forgiven_ns && row.started_ns - *name->forgiven_ns <= kAskedAgain) return;
      if (name->pending.size() == kPending) settle(*name);
      name->pending.push_back(row);
      return;
    }
    ++name->lookups;
    // Who got no answer at other times may have asked nobody this time.
    if (try_again(row) || never_ended(row)) forgive(*name, row.started_ns, ended_ns(row));
    if (!found(row)) return;
    note_found(*name, row);
    // With and without a suffix of the search list it is the same wish.
    for (const std::string& suffix : settings().search) {
      const std::string ending = "." + suffix;
      if (PerName* longer = names_.find(*row.name + ending)) note_found(*longer, row);
      if (!row.name->ends_with(ending)) continue;
      const std::string bare = row.name->substr(0, row.name->size() - ending.size());
      if (PerName* shorter = names_.find(bare)) note_found(*shorter, row);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (auto& [name, seen] : names_) {
      settle(seen);
      if (seen.unknown.count() > 0) findings.push_back(unknown(name, seen));
      if (seen.addressless.count() > 0) findings.push_back(addressless(name, seen));
    }
  }

 private:
  static constexpr std::size_t kPending = 64;

  struct PerName {
    std::int64_t lookups = 0;
    std::int64_t times_found = 0;
    store::OptInt forgiven_ns;                  // found, or not answered
    std::vector<store::ResolutionRow> pending;  // no so far; a yes may come
    Sightings unknown;
    Sightings addressless;
    store::OptText family;  // they asked for; empty where not all for the same
    Severity worst = Severity::info;
  };

  static store::Ns ended_ns(const store::ResolutionRow& row) {
    return row.started_ns + row.duration_ns;
  }
  void note_found(PerName& name, const store::ResolutionRow& row) {
    ++name.times_found;
    forgive(name, row.started_ns, row.started_ns);
  }
  void forgive(PerName& name, store::Ns from, store::Ns to) {
    std::erase_if(name.pending,
                  [from](const auto& row) { return from - row.started_ns <= kAskedAgain; });
    settle(name);
    name.forgiven_ns = to;
  }

  void settle(PerName& name) {
    for (const auto& row : name.pending) {
      if (no_such_name(row)) {
        name.unknown.add(row);
        continue;
      }
      if (name.addressless.count() == 0) name.family = row.family;
      if (name.family != row.family) name.family.reset();
      name.addressless.add(row);
      const bool* failed = failed_.find(row.process_id);
      const Severity of_this = failed == nullptr ? Severity::warning
                               : *failed         ? Severity::error
                                                 : Severity::info;
      name.worst = std::min(name.worst, of_this);
    }
    name.pending.clear();
  }

  Finding unknown(const std::string& name, const PerName& seen) const {
    const bool comes_and_goes = seen.times_found > 0;
    auto result =
        finding(comes_and_goes ? Severity::warning : Severity::error, Confidence::high, name);
    seen.unknown.fill(result, seen.lookups);
    result.summary =
        comes_and_goes
            ? fmt::format(
                  "{} did not exist for this resolver in {} lookups; at other times it was found.",
                  name, share(result.count, result.of))
            : fmt::format("{} does not exist for this resolver (search list: {}).", name,
                          settings().search.empty()
                              ? "none"
                              : fmt::format("{}", fmt::join(settings().search, " ")));
    result.evidence.push_back(fmt::format("{} lookups were answered with 'no such name'",
                                          share(result.count, result.of)));
    result.excluded.push_back("Lost queries: the answer came.");
    result.next_steps = {getent_command(name), dig(name, "A")};
    return result;
  }

  Finding addressless(const std::string& name, const PerName& seen) const {
    const bool is_found = seen.times_found > 0;
    auto result = finding(is_found ? Severity::info : seen.worst, Confidence::high, name);
    seen.addressless.fill(result, seen.lookups);
    const std::string kind = seen.family == "ipv6"   ? "IPv6 address"
                             : seen.family == "ipv4" ? "IPv4 address"
                             : seen.family == "any"  ? "address"
                                                     : "address of the kind asked for";
    result.summary = fmt::format("{} exists, but has no {}.", name, kind);
    result.evidence.push_back(
        fmt::format("{} lookups were answered with 'no {}'", share(result.count, result.of), kind));
    if (is_found) {
      result.evidence.push_back(
          fmt::format("{} found an address of it", counted(seen.times_found, "other lookup")));
    }
    result.excluded = {"Lost queries: the answer came.", "A wrong name: it exists."};
    result.next_steps = {dig_commands(settings(), name).front()};
    if (seen.family == "ipv6") {
      result.next_steps.emplace_back("let the program use IPv4 as well (curl, wget: without -6)");
    } else if (seen.family == "ipv4") {
      result.next_steps.emplace_back("let the program use IPv6 as well (curl, wget: without -4)");
    }
    return result;
  }

  Bounded<std::string, PerName> names_;
  Bounded<std::int64_t, bool> failed_;  // process.id: ended with a status above 0
};

}  // namespace

void add_failed_lookup_rules(Rules& rules) {
  rules.push_back(std::make_unique<DnsFail>());
  rules.push_back(std::make_unique<DnsNx>());
}

}  // namespace sockwatch::diagnose
