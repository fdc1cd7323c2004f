// What a recording does not show.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/client.h"
#include "viewer/diagnose/lookup.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/model/coverage.h"

namespace sockwatch::diagnose {
namespace {

// "late": what came out of order is there all the same.
bool is_loss(const store::LossRow& row) { return row.count > 0 && row.cause != "late"; }

// A program that never tried. Most programs never try and are right: `grep` that finds nothing ends
// with status 1 as well. So a warning needs a sign that a connection was meant: an address looked
// up and not used. A failure, or a long life, after a wait is worth knowing; the rest is not.
class NoAttempt : public Rule {
 public:
  static constexpr store::Ns kLongWait = 5'000'000'000;
  static constexpr store::Ns kSomeWait = 1'000'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "NOATTEMPT",
        .family = Family::client,
        .title = "no network attempt at all",
        .signature =
            "A complete recording holds no attempt and no listener. A warning: a program found "
            "the address of a name, and then failed (exit status above 0) or went on for 5 s or "
            "longer. Info, low: no lookup either, and a program failed after 1 s or longer, or "
            "lived for 5 s or longer.",
        .meaning =
            "The program was watched from start to end and never tried to connect to "
            "anything. If it was meant to, what it waited for or failed at was inside it: a "
            "connection pool, a lock, a configuration error.",
        .not_this =
            "Not the network: nothing was sent to a server. This holds only where the recording "
            "saw all programs and lost nothing, which was checked. A program that needs no "
            "network does the same, so without a lookup this is only a hint. What a socket with a "
            "port of the program's choice (bind) sends by UDP is not recorded.",
        .next = {"look at the statistics of the connection pool",
                 "look at what the program's threads wait for (jstack, py-spy, gdb)"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const store::ProcessRow& row) override {
    ++processes_;
    if (!model::was_seen(row.coverage)) blind_ = true;
    if (!row.started_ns || !row.ended_ns) return;
    if (Life* life = lives_.slot(row.id)) {
      *life = {*row.started_ns, *row.ended_ns, row.exit_status.value_or(0) != 0, {}, {}, {}};
    }
  }
  void see(const store::LossRow& row) override { blind_ |= is_loss(row); }
  void see(const store::ListenerRow&) override { used_ = true; }
  void see(const store::FailedCallRow&) override { used_ = true; }
  void see(const store::ResolutionRow& row) override {
    looked_up_ = true;
    Life* life = lives_.find(row.process_id);
    if (life == nullptr || row.result != 0 || !row.name || row.name->empty()) return;
    life->only_ipv4 = only_ipv4(row) && (life->only_ipv4 || life->found.count() == 0);
    life->found.add(row);
    life->found_ns = row.started_ns + row.duration_ns;
  }
  void see(const Attempt&) override { used_ = true; }

  void conclude(std::vector<Finding>& findings) override {
    if (used_ || blind_ || context().filtered) return;
    const auto meant = worst([](const Life& life) {
      if (!life.found_ns) return store::Ns{-1};
      const store::Ns after = life.ended - *life.found_ns;
      return life.failed || after >= kLongWait ? std::max<store::Ns>(after, 0) : -1;
    });
    if (meant) {
      findings.push_back(after_lookup(meant->first, *meant->second));
      return;
    }
    if (looked_up_) return;  // a lookup that failed, or a program that only looks up
    const auto quiet = worst([](const Life& life) {
      return life.lived() >= (life.failed ? kSomeWait : kLongWait) ? life.lived() : store::Ns{-1};
    });
    if (quiet) findings.push_back(without_sign(quiet->first, *quiet->second));
  }

 private:
  struct Life {
    store::Ns started = 0;
    store::Ns ended = 0;
    bool failed = false;
    Sightings found;         // lookups
    store::OptInt found_ns;  // when the newest of them ended
    bool only_ipv4 = false;  // they found nothing else

    store::Ns lived() const { return ended - started; }
  };

  // The process for which `weight` is largest; below 0: it does not count.
  template <typename Weight>
  std::optional<std::pair<std::int64_t, const Life*>> worst(Weight weight) {
    std::optional<std::pair<std::int64_t, const Life*>> found;
    store::Ns most = -1;
    for (const auto& [id, life] : lives_) {
      const store::Ns of_this = weight(life);
      const bool first_of_equals = found && of_this == most && id < found->first;
      if (of_this < 0 || (of_this <= most && !first_of_equals)) continue;
      most = of_this;
      found = {id, &life};
    }
    return found;
  }

  Finding after_lookup(std::int64_t id, const Life& life) const {
    const std::string name(context().programs.name_of(id));
    auto result = finding(Severity::warning, Confidence::medium, name);
    life.found.fill(result, life.found.count());
    const store::Ns after = std::max<store::Ns>(life.ended - *life.found_ns, 0);
    result.summary = fmt::format(
        "{} found an address and attempted no connection in the {} after: look at its connection "
        "pool or a lock, not at the network.",
        name, time_span(after));
    say_complete(result);
    // curl -6 looks up both families, and then wants none of what it found.
    if (life.only_ipv4 && life.failed && after < kSomeWait) {
      result.summary = fmt::format(
          "{} found only IPv4 addresses and failed {} after, with no connection attempted: was it "
          "told to use IPv6 only? If not, look inside it, not at the network.",
          name, time_span(after));
      result.next_steps = {"see whether the program was told to use IPv6 only (curl -6)",
                           "look at its own log"};
    }
    result.evidence.push_back(
        fmt::format("{} found what was asked for", counted(life.found.count(), "lookup")));
    if (life.failed) result.evidence.emplace_back("the program ended with a status above 0");
    return result;
  }

  Finding without_sign(std::int64_t id, const Life& life) const {
    auto result =
        finding(Severity::info, Confidence::low, std::string(context().programs.name_of(id)));
    result.count = 1;
    result.of = processes_;
    result.first_ns = life.started;
    result.last_ns = life.started;
    result.summary = fmt::format(
        "No connection was attempted in these {}. If the program was meant to: look at a "
        "connection pool or a lock, not at the network.",
        time_span(life.lived()));
    say_complete(result);
    result.evidence.emplace_back("no lookup, so nothing shows that it meant to");
    if (life.failed) result.evidence.emplace_back("the program ended with a status above 0");
    return result;
  }

  void say_complete(Finding& result) const {
    result.evidence.push_back(
        fmt::format("{} seen from inside, nothing lost; no attempt, no "
                    "listener",
                    counted(processes_, "process", "processes")));
    result.next_steps = {"look at the statistics of the connection pool",
                         "look at what the program's threads wait for"};
  }

  Bounded<std::int64_t, Life> lives_;
  std::int64_t processes_ = 0;
  bool looked_up_ = false;
  bool used_ = false;
  bool blind_ = false;
};

class Blind : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "BLIND",
        .family = Family::client,
        .title = "we could not see it",
        .signature =
            "A program of the recording was not seen from inside (static, Go, set-uid, "
            "other C library, ...), or records were lost. A warning where nothing "
            "at all was seen, something was lost, attempts to more places than the rules can "
            "hold were not examined, or a recorded program failed (exit status above 0) though no "
            "attempt and no lookup that was seen had failed.",
        .meaning =
            "The recording works by a library inside the program. This program does not "
            "load it, or produced records faster than they could be taken away. What is "
            "missing here may well have happened.",
        .not_this = "Not an all-clear: no diagnosis of such a program means nothing.",
        .next = {"sockwatch check PROGRAM", "see `not_seen` and `losses` of the report"}};
    return kEntry;
  }

  void see(const store::ProcessRow& row) override {
    ++processes_;
    command_failed_ = command_failed_ || row.exit_status.value_or(0) != 0;
    if (model::was_seen(row.coverage)) {
      ++seen_;
      return;
    }
    Program* program = programs_.slot(context().programs.of(row.id));
    if (program == nullptr) return;
    ++program->processes;
    program->coverage = row.coverage;
    // What was never seen from inside may have no start either.
    if (row.started_ns) {
      program->first = std::min(program->first.value_or(*row.started_ns), *row.started_ns);
    }
  }
  void see(const store::LossRow& row) override {
    if (!is_loss(row)) return;
    lost_[row.cause] += row.count;
    all_lost_ += row.count;
  }
  void see(const store::FailedCallRow&) override { trouble_ = true; }
  void see(const store::ResolutionRow& row) override { trouble_ = trouble_ || row.result != 0; }
  void see(const Attempt& attempt) override { trouble_ = trouble_ || attempt.failed; }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, program] : programs_) {
      const std::string name(context().programs.name(id));
      const model::Reason reason = model::why_not_seen(program.coverage);
      auto result = finding(seen_ == 0 || failed_unseen() ? Severity::warning : Severity::info,
                            Confidence::high, name);
      result.count = program.processes;
      result.of = processes_;
      result.first_ns = program.first;
      result.last_ns = program.first;
      result.summary = fmt::format("{} was not seen: it {}.", name, reason.what);
      result.evidence.push_back(fmt::format("{} processes of this recording, coverage `{}`",
                                            share(result.count, result.of), program.coverage));
      if (failed_unseen()) {
        result.summary += " The recorded command failed, and what was seen does not say why.";
        result.evidence.emplace_back(
            "the recorded command ended with a status above 0; no attempt and no lookup that was "
            "seen had failed");
      }
      if (!reason.next_step.empty()) result.next_steps.push_back(reason.next_step);
      findings.push_back(std::move(result));
    }
    if (context().unexamined > 0) findings.push_back(not_examined());
    if (all_lost_ == 0) return;
    auto result = finding(Severity::warning, Confidence::high, "records");
    result.count = all_lost_;
    result.of = all_lost_;
    result.summary = fmt::format("{} lost: what is missing here may have happened.",
                                 counted(all_lost_, "record was", "records were"));
    for (const auto& [cause, count] : lost_) {
      const model::Reason reason = model::why_lost(cause);
      result.evidence.push_back(fmt::format("{}: {} ({})", cause, number(count), reason.what));
      if (!reason.next_step.empty()) result.next_steps.push_back(reason.next_step);
    }
    findings.push_back(std::move(result));
  }

 private:
  struct Program {
    std::int64_t processes = 0;
    std::string coverage;
    store::OptInt first;
  };
  // They are in the trace and in the tables of the report, but no rule was asked about them.
  Finding not_examined() const {
    auto result = finding(Severity::warning, Confidence::high, "attempts");
    result.count = context().unexamined;
    result.of = context().unexamined;
    result.summary = fmt::format(
        "{} not examined: this recording went to more than {} places, and the diagnoses look at "
        "the first of them only.",
        counted(context().unexamined, "attempt was", "attempts were"), number(Places::kLimit));
    result.evidence.emplace_back(
        "the destinations and the failed connections of the report count "
        "them all the same");
    result.next_steps = {
        "name one destination or program: sockwatch report FILE --dst HOST:PORT, or "
        "--exe PROGRAM"};
    return result;
  }

  // The reason may lie in what was not seen. Of a part of the trace nobody can tell.
  bool failed_unseen() const { return command_failed_ && !trouble_ && !context().filtered; }

  Bounded<ProgramId, Program> programs_;
  bool command_failed_ = false;
  bool trouble_ = false;  // seen, that may be why
  std::int64_t processes_ = 0;
  std::int64_t seen_ = 0;
  std::map<std::string, std::int64_t> lost_;
  std::int64_t all_lost_ = 0;
};

}  // namespace

void add_coverage_rules(Rules& rules) {
  rules.push_back(std::make_unique<NoAttempt>());
  rules.push_back(std::make_unique<Blind>());
}

}  // namespace sockwatch::diagnose
