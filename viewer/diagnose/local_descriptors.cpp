// Numbers of descriptors: too many, or too large.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/local.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

std::string program_with_pid(const Context& context, std::int64_t process_id) {
  const auto* row = context.programs.process(process_id);
  if (row == nullptr) return std::string(context.programs.name_of(process_id));
  return fmt::format("{} (pid {})", context.programs.name_of(process_id), row->pid);
}

class Fds : public Rule {
 public:
  static constexpr store::Ns kOld = 300'000'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "FDS",
        .family = Family::local,
        .title = "out of file descriptors",
        .signature =
            "socket, accept or connect failed with EMFILE (limit of the process) or "
            "ENFILE (limit of the host).",
        .meaning =
            "Every open file and every connection takes one of a limited number of slots of "
            "the process. All were taken, so no further connection could be opened or "
            "accepted. Usually connections are opened and never closed.",
        .not_this = "Not the network and not the server: the program could not even begin.",
        .next = {"ls -l /proc/PID/fd | wc -l", "find what is opened and not closed",
                 "ulimit -n, or LimitNOFILE= of the service"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const store::FailedCallRow& row) override {
    if (row.error != EMFILE && row.error != ENFILE) return;
    Process* process = processes_.slot(row.process_id);
    if (process == nullptr) return;
    process->sightings.add(row);
    process->host |= row.error == ENFILE;
    process->connects |= !row.call.starts_with("accept");
    process->calls += fmt::format("{}{} {}", process->calls.empty() ? "" : ", ", row.call,
                                  counted(row.count, "time"));
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (row.error == EMFILE || row.error == ENFILE) {
      // The failed call of this row is counted already, unless that table does not have it.
      Process* process = processes_.slot(row.process_id);
      if (process != nullptr && process->calls.empty()) {
        process->sightings.add(row);
        process->host |= row.error == ENFILE;
        process->connects = true;
      }
      return;
    }
    if (processes_.empty()) return;
    Process* process = processes_.find(row.process_id);
    if (process == nullptr) return;
    const store::Ns at = *process->sightings.first_ns();
    if (row.started_ns > at || (row.closed_ns && *row.closed_ns <= at)) return;
    ++process->open;
    if (at - row.started_ns > kOld) ++process->old;
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, process] : processes_) {
      auto result = finding(Severity::error, Confidence::high, program_with_pid(context(), id));
      process.sightings.fill(result, process.sightings.count());
      const auto* row = context().programs.process(id);
      const std::string limit = row != nullptr && row->descriptor_limit
                                    ? fmt::format(" of {}", number(*row->descriptor_limit))
                                    : std::string();
      const bool server = !process.connects && process.open == 0;
      result.summary = fmt::format(
          "{} is at {}{} open files; {}.", context().programs.name_of(id),
          process.host ? "the limit of this host for" : "its limit",
          process.host ? std::string() : limit,
          server ? std::string("it cannot accept the connections that wait")
                 : fmt::format("{} connections it made were open then, {} of them for over 5 min",
                               number(process.open), number(process.old)));
      if (!process.calls.empty()) result.evidence.push_back("failed calls: " + process.calls);
      result.evidence.push_back(fmt::format("errno {}", process.host ? "ENFILE" : "EMFILE"));
      result.excluded.emplace_back(
          server ? "The network: the connections had come in, and nobody could take them."
                 : "The network: the program could not even open a socket.");
      const std::string pid = row == nullptr ? "PID" : std::to_string(row->pid);
      result.next_steps = {fmt::format("ls -l /proc/{}/fd", pid),
                           "find what is opened and not closed",
                           "raise ulimit -n (LimitNOFILE= of a service) if it is not a leak"};
      findings.push_back(std::move(result));
    }
  }

 private:
  struct Process {
    Sightings sightings;
    bool host = false;
    bool connects = false;  // not only accept failed
    std::string calls;
    std::int64_t open = 0;  // connections, when it first failed
    std::int64_t old = 0;
  };
  Bounded<std::int64_t, Process> processes_;
};

class FdSet : public Rule {
 public:
  static constexpr std::int64_t kLargest = 1024;  // FD_SETSIZE
  static constexpr std::int64_t kAborted = 128 + 6;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "FDSET",
        .family = Family::local,
        .title = "select with a descriptor it cannot hold",
        .signature =
            "select or pselect was called with nfds above 1024, and a descriptor at that end of "
            "the set was open.",
        .meaning =
            "The set of descriptors given to select has room for numbers up to 1023. This "
            "program waits with select on a larger one, and so reads and writes memory "
            "behind the set. Programs built with overflow checks are ended instead.",
        .not_this = "Not a network time-out, though waits may never end or end at once.",
        .next = {"use poll or epoll", "keep the number of open descriptors below 1024"}};
    return kEntry;
  }

  void see(const store::FailedCallRow& row) override {
    if ((row.call != "select" && row.call != "pselect") || row.error != 0) return;
    if (!row.argument || *row.argument <= kLargest) return;
    if (Process* process = processes_.slot(row.process_id)) {
      process->sightings.add(row);
      process->largest = std::max(process->largest, *row.argument);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (const auto& [id, process] : processes_) {
      const auto* row = context().programs.process(id);
      const bool aborted = row != nullptr && row->exit_status == kAborted;
      auto result =
          finding(aborted ? Severity::error : Severity::warning,
                  aborted ? Confidence::high : Confidence::medium, program_with_pid(context(), id));
      process.sightings.fill(result, process.sightings.count());
      result.summary =
          fmt::format("{} waits with select on descriptor {}; select cannot hold more than 1023.",
                      context().programs.name_of(id), process.largest - 1);
      result.evidence.push_back(
          fmt::format("descriptor {}, at the end of its set, is open", process.largest - 1));
      result.evidence.push_back(
          aborted ? "the program was aborted (exit status 134)"
                  : "a program that makes larger sets itself does no wrong: then ignore this");
      result.next_steps = {"use poll or epoll instead of select"};
      findings.push_back(std::move(result));
    }
  }

 private:
  struct Process {
    Sightings sightings;
    std::int64_t largest = 0;
  };
  Bounded<std::int64_t, Process> processes_;
};

}  // namespace

void add_descriptor_rules(Rules& rules) {
  rules.push_back(std::make_unique<Fds>());
  rules.push_back(std::make_unique<FdSet>());
}

}  // namespace sockwatch::diagnose
