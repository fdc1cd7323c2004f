// What lookups took away from the connections behind them.
#include <fmt/format.h>

#include <algorithm>
#include <array>

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

class DnsPool : public Rule {
 public:
  static constexpr std::size_t kThreads = 4;  // libuv's, unless UV_THREADPOOL_SIZE says otherwise
  static constexpr store::Ns kLong = 1'000'000'000;
  // One lookup takes the place of another this fast.
  static constexpr store::Ns kHandover = 10'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-POOL",
        .family = Family::lookup,
        .title = "all lookup threads are busy",
        .signature =
            "In one process of a program on libuv (Node.js) 4 or more lookups were going "
            "on at once for 1 s or longer, and never more than then.",
        .meaning =
            "Node.js looks names up on a pool of threads, four by default, which it also "
            "uses for files. While all of them wait for a name server, the next lookup "
            "waits for a thread, and so does every connection behind it.",
        .not_this =
            "Not the network to the server: connects have not begun yet. That the lookups "
            "are slow has a reason of its own.",
        .next = {"UV_THREADPOOL_SIZE=16", "see the diagnoses of lookups (DNS-...)"}};
    return kEntry;
  }

  void see(const store::ResolutionRow& row) override {
    Process* process = processes_.slot(row.process_id);
    if (process == nullptr) return;
    ++process->lookups;
    const std::string_view program = context().programs.name_of(row.process_id);
    if (program != "node" && program != "nodejs") return;
    auto& ends = process->ends;
    std::erase_if(ends, [&](store::Ns end) { return end <= row.started_ns; });
    if (ends.size() == kMostThreads) return;
    ends.push_back(row.started_ns + row.duration_ns);
    if (ends.size() < std::max(kThreads, process->pool)) return;
    if (ends.size() > process->pool) {
      // More than thought to be possible: a larger pool, which was not full before.
      process->pool = ends.size();
      process->longest = 0;
      process->run_end = 0;
      process->sightings = {};
    }
    const store::Ns full_until = *std::min_element(ends.begin(), ends.end());
    if (process->run_end == 0 || row.started_ns > process->run_end + kHandover) {
      process->run_start = row.started_ns;
    }
    process->run_end = std::max(process->run_end, full_until);
    process->longest = std::max(process->longest, process->run_end - process->run_start);
    process->sightings.add(row);
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, process] : processes_) {
      if (process.longest < kLong) continue;
      const store::ProcessRow* row = context().programs.process(id);
      auto result =
          finding(Severity::warning, Confidence::medium,
                  fmt::format("{} (pid {})", context().programs.name_of(id), row ? row->pid : 0));
      process.sightings.fill(result, process.lookups);
      result.summary = fmt::format(
          "All {} lookup threads are busy for {}; connects wait behind slow lookups, not behind "
          "the network.",
          process.pool, time_span(process.longest));
      result.evidence.push_back(
          fmt::format("never more than {} lookups at once, and so many for {} without a pause",
                      process.pool, time_span(process.longest)));
      result.excluded.push_back(
          "A program that simply asks much: it would not stop at the same "
          "number of lookups each time.");
      result.next_steps = {"UV_THREADPOOL_SIZE=16", "mend what makes the lookups slow"};
      findings.push_back(std::move(result));
    }
  }

 private:
  static constexpr std::size_t kMostThreads = 1024;  // libuv's limit

  struct Process {
    std::int64_t lookups = 0;
    std::vector<store::Ns> ends;  // of lookups going on
    std::size_t pool = 0;         // the most at once so far
    store::Ns run_start = 0;
    store::Ns run_end = 0;
    store::Ns longest = 0;
    Sightings sightings;
  };
  Bounded<std::int64_t, Process> processes_;
};

}  // namespace

void add_lookup_cost_rules(Rules& rules) {
  rules.push_back(std::make_unique<DnsBudget>());
  rules.push_back(std::make_unique<DnsPool>());
}

}  // namespace sockwatch::diagnose
