// Lookups that wait for a thread of the program's own.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/lookup.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"

namespace sockwatch::diagnose {
namespace {

// A lookup that waits in the queue of a pool is nowhere in the trace. What shows it is the moment
// it begins: on the very thread whose lookup ended just before. Only the thread itself is that
// quick. A program that asks the next thing after an answer must first be told of the answer by
// that thread, and then uses it: its connect comes before the next lookup, not after.
class DnsPool : public Rule {
 public:
  static constexpr store::Ns kLong = 1'000'000'000;
  static constexpr std::int64_t kEnough = 3;
  // From the end of one lookup to the next on its thread: without the help of a later connect, and
  // with it.
  static constexpr store::Ns kAtOnce = 100'000;
  static constexpr store::Ns kSoon = 5'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "DNS-POOL",
        .family = Family::lookup,
        .title = "all lookup threads are busy",
        .signature =
            "In one process of a program on libuv (Node.js) 3 or more lookups began on a thread "
            "whose lookup had just ended (0.1 ms; or 5 ms, where the connect behind that lookup "
            "came later still), while other threads were looking up as well; and one thread was "
            "kept busy that way for 1 s or longer.",
        .meaning =
            "Node.js looks names up on a pool of threads, four by default, of which at most half "
            "do lookups at the same time; files use the same pool. While they all wait for a "
            "name server, the next lookup waits for a thread, and so does every connection "
            "behind it.",
        .not_this =
            "Not the network to the server: connects have not begun yet. That the lookups "
            "are slow has a reason of its own.",
        .next = {"UV_THREADPOOL_SIZE=16", "see the diagnoses of lookups (DNS-...)"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const store::ResolutionRow& row) override {
    const std::string_view program = context().programs.name_of(row.process_id);
    if (program != "node" && program != "nodejs") return;
    Process* process = processes_.slot(row.process_id);
    if (process == nullptr) return;
    ++process->lookups;
    const auto known = process->threads.find(row.tid);
    if (known == process->threads.end() && process->threads.size() == kMostThreads) return;
    const Last before = known == process->threads.end() ? Last{} : known->second;
    const store::Ns gap = row.started_ns - before.end_ns;
    const bool handed_over = before.id != 0 && gap >= 0 && gap <= kSoon;
    Last now{row.id, row.started_ns, row.started_ns + row.duration_ns};
    if (handed_over) {
      now.chain_start_ns = before.chain_start_ns;
      const auto others = static_cast<std::size_t>(
          std::count_if(process->threads.begin(), process->threads.end(),
                        [&](const auto& one) { return one.second.end_ns > row.started_ns; }));
      if (others > 0) keep({row, gap, others + 1, now}, before.id);
    }
    process->threads[row.tid] = now;
  }

  void see(const Attempt& attempt) override {
    if (handovers_.empty() || !attempt.row.resolution_id) return;
    Handover* handover = handovers_.find(*attempt.row.resolution_id);
    if (handover == nullptr || handover->used) return;
    handover->used = true;  // attempts come as they started
    handover->waited = attempt.row.started_ns > handover->started_ns;
  }

  void see_plain(const PlainRun& run) override {
    if (!handovers_.empty()) Rule::see_plain(run);
  }

  void conclude(std::vector<Finding>& findings) override {
    std::vector<const Handover*> all;
    for (const auto& [id, handover] : handovers_) {
      const bool waited = handover.used ? handover.waited : handover.gap_ns <= kAtOnce;
      if (waited) all.push_back(&handover);
    }
    std::sort(all.begin(), all.end(), [](const Handover* a, const Handover* b) {
      return std::pair(a->started_ns, a->id) < std::pair(b->started_ns, b->id);
    });
    std::map<std::int64_t, Proven> proven;
    for (const Handover* handover : all) proven[handover->process_id].add(*handover);
    for (const auto& [id, seen] : proven) {
      if (seen.waited.count() < kEnough || seen.longest_ns < kLong) continue;
      findings.push_back(of_process(id, seen));
    }
  }

 private:
  static constexpr std::size_t kMostThreads = 1024;  // libuv's limit

  // The newest lookup of a thread; since when the thread has gone from one to the next.
  struct Last {
    std::int64_t id = 0;
    store::Ns chain_start_ns = 0;
    store::Ns end_ns = 0;
  };
  struct Process {
    std::int64_t lookups = 0;
    std::map<std::int64_t, Last> threads;
  };
  // A lookup that began where another had just ended.
  struct Handover {
    Handover() = default;
    Handover(const store::ResolutionRow& row, store::Ns gap, std::size_t together, const Last& last)
        : id(row.id),
          process_id(row.process_id),
          started_ns(row.started_ns),
          gap_ns(gap),
          at_once(together),
          busy_ns(last.end_ns - last.chain_start_ns) {}

    std::int64_t id = 0;
    std::int64_t process_id = 0;
    store::Ns started_ns = 0;
    store::Ns gap_ns = 0;
    std::size_t at_once = 0;  // lookups going on then, itself among them
    store::Ns busy_ns = 0;    // its thread, from the first of the chain to the end of this one
    bool used = false;        // the answer before it: a connect is known
    bool waited = false;      // which began after this lookup
  };
  struct Proven {
    void add(const Handover& handover) {
      store::ResolutionRow row;
      row.id = handover.id;
      row.started_ns = handover.started_ns;
      waited.add(row);
      threads = std::max(threads, handover.at_once);
      longest_ns = std::max(longest_ns, handover.busy_ns);
      slowest_gap_ns = std::max(slowest_gap_ns, handover.gap_ns);
    }

    Sightings waited;
    std::size_t threads = 0;
    store::Ns longest_ns = 0;
    store::Ns slowest_gap_ns = 0;
  };

  void keep(const Handover& handover, std::int64_t before) {
    if (Handover* kept = handovers_.slot(before)) *kept = handover;
  }

  Finding of_process(std::int64_t id, const Proven& seen) {
    const store::ProcessRow* row = context().programs.process(id);
    auto result =
        finding(Severity::warning, Confidence::medium,
                fmt::format("{} (pid {})", context().programs.name_of(id), row ? row->pid : 0));
    seen.waited.fill(result, processes_.find(id)->lookups);
    result.summary = fmt::format(
        "All {} threads for lookups were busy, one of them for {} without a pause; connects wait "
        "behind slow lookups, not behind the network.",
        seen.threads, time_span(seen.longest_ns));
    result.evidence.push_back(fmt::format(
        "{} lookups began on a thread whose lookup had ended within {} before: they had waited "
        "for it",
        share(result.count, result.of), time_span(seen.slowest_gap_ns)));
    result.evidence.push_back(fmt::format(
        "as many as {} at once: libuv gives lookups half of its threads", seen.threads));
    result.excluded.push_back(
        "A program that asks one thing after the other: it would first have used the answer.");
    result.next_steps = {"UV_THREADPOOL_SIZE=16", "mend what makes the lookups slow"};
    return result;
  }

  Bounded<std::int64_t, Process> processes_;
  Bounded<std::int64_t, Handover, 200'000> handovers_;  // by the lookup that ended
};

}  // namespace

void add_lookup_pool_rules(Rules& rules) { rules.push_back(std::make_unique<DnsPool>()); }

}  // namespace sockwatch::diagnose
