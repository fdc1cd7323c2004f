// What a recording does not show.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/client.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/model/coverage.h"

namespace sockwatch::diagnose {
namespace {

// "late": what came out of order is there all the same.
bool is_loss(const store::LossRow& row) { return row.count > 0 && row.cause != "late"; }

class NoAttempt : public Rule {
 public:
  static constexpr store::Ns kLongWait = 5'000'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "NOATTEMPT",
        .family = Family::client,
        .title = "no network attempt at all",
        .signature =
            "A complete recording holds no attempt, no lookup and no listener, and the "
            "program failed (exit status above 0) or lived for 5 s or longer.",
        .meaning =
            "The program was watched from start to end and never tried to connect to "
            "anything, nor to look a name up. Whatever it waited for or failed at was inside "
            "it: a connection pool, a lock, a configuration error.",
        .not_this =
            "Not the network: it was not used. This holds only where the recording saw all "
            "programs and lost nothing, which was checked.",
        .next = {"look at the statistics of the connection pool",
                 "look at what the program's threads wait for (jstack, py-spy, gdb)"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const store::ProcessRow& row) override {
    if (!model::was_seen(row.coverage)) blind_ = true;
    if (!row.started_ns || !row.ended_ns) return;
    if (!worst_ || row.exit_status.value_or(0) > worst_->exit_status.value_or(0) ||
        lived(row) > lived(*worst_)) {
      worst_ = row;
    }
    failed_ |= row.exit_status.value_or(0) != 0;
    longest_ = std::max(longest_, lived(row));
    ++processes_;
  }
  void see(const store::LossRow& row) override { blind_ |= is_loss(row); }
  void see(const store::ListenerRow&) override { used_ = true; }
  void see(const store::FailedCallRow&) override { used_ = true; }
  void see(const store::ResolutionRow&) override { used_ = true; }
  void see(const Attempt&) override { used_ = true; }

  void conclude(std::vector<Finding>& findings) override {
    if (used_ || blind_ || !worst_ || context().filtered) return;
    if (!failed_ && longest_ < kLongWait) return;
    auto result = finding(failed_ ? Severity::warning : Severity::info, Confidence::medium,
                          std::string(context().programs.name_of(worst_->id)));
    result.count = processes_;
    result.of = processes_;
    result.first_ns = worst_->started_ns;
    result.last_ns = worst_->started_ns;
    result.summary = fmt::format(
        "No connection was attempted in these {}: look at a connection pool or a lock, not at the "
        "network.",
        time_span(longest_));
    result.evidence.push_back(
        fmt::format("{} seen from inside, nothing lost; no attempt, no lookup, no listener",
                    counted(processes_, "process", "processes")));
    if (failed_) result.evidence.push_back("the program ended with a status above 0");
    result.next_steps = {"look at the statistics of the connection pool",
                         "look at what the program's threads wait for"};
    findings.push_back(std::move(result));
  }

 private:
  static store::Ns lived(const store::ProcessRow& row) { return *row.ended_ns - *row.started_ns; }

  std::optional<store::ProcessRow> worst_;
  std::int64_t processes_ = 0;
  store::Ns longest_ = 0;
  bool failed_ = false;
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
            "at all was seen, or something was lost.",
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
    if (model::was_seen(row.coverage)) {
      ++seen_;
      return;
    }
    Program* program = programs_.slot(context().programs.of(row.id));
    if (program == nullptr) return;
    ++program->processes;
    program->coverage = row.coverage;
    program->first =
        std::min(program->first.value_or(row.started_ns.value_or(0)), row.started_ns.value_or(0));
  }
  void see(const store::LossRow& row) override {
    if (!is_loss(row)) return;
    lost_[row.cause] += row.count;
    all_lost_ += row.count;
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, program] : programs_) {
      const std::string name(context().programs.name(id));
      const model::Reason reason = model::why_not_seen(program.coverage);
      auto result =
          finding(seen_ == 0 ? Severity::warning : Severity::info, Confidence::high, name);
      result.count = program.processes;
      result.of = processes_;
      result.first_ns = program.first;
      result.last_ns = program.first;
      result.summary = fmt::format("{} was not seen: it {}.", name, reason.what);
      result.evidence.push_back(fmt::format("{} processes of this recording, coverage `{}`",
                                            share(result.count, result.of), program.coverage));
      if (!reason.next_step.empty()) result.next_steps.push_back(reason.next_step);
      findings.push_back(std::move(result));
    }
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
  Bounded<ProgramId, Program> programs_;
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
