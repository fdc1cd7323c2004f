#include "viewer/launch/recording.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <utility>
#include <variant>

#include "collector/drain/launch_notes.h"
#include "collector/drain/process.h"
#include "viewer/launch/child.h"
#include "viewer/launch/collector_keeper.h"
#include "viewer/launch/fd.h"
#include "viewer/launch/library.h"
#include "viewer/launch/preflight.h"
#include "viewer/launch/proc.h"
#include "viewer/launch/run_directory.h"
#include "viewer/launch/say.h"
#include "viewer/launch/signals.h"
#include "viewer/launch/supervisor.h"
#include "viewer/launch/trace_file.h"
#include "viewer/launch/watch.h"

namespace sockwatch::launch {
namespace {

constexpr int kOwnFailure = 125;

std::int64_t monotonic_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A name kept for a trace that never came to be is given back.
class Reservation {
 public:
  explicit Reservation(TraceFile trace) : trace_(std::move(trace)) {
    // Kept open so that no other file gets its number.
    if (trace_.reserved) file_ = Fd(::open(trace_.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  }
  ~Reservation() {
    if (!trace_.reserved || used_) return;
    if (recorded_ || is_still_ours()) ::unlink(trace_.path.c_str());
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  const TraceFile& trace() const { return trace_; }
  void recorded() { recorded_ = true; }  // our collector has made the file anew
  void use() { used_ = true; }

 private:
  // Until our collector has it, another that was told to may replace it.
  bool is_still_ours() const {
    struct stat kept = {};
    struct stat now = {};
    return file_ && ::fstat(file_.get(), &kept) == 0 && ::lstat(trace_.path.c_str(), &now) == 0 &&
           kept.st_dev == now.st_dev && kept.st_ino == now.st_ino && now.st_size == 0;
  }

  TraceFile trace_;
  Fd file_;
  bool recorded_ = false;
  bool used_ = false;
};

Result<TraceFile> reserve_trace(const RecordOptions& options) {
  if (!options.output.empty()) return reserve_named_trace(options.output, options.force);
  auto trace = reserve_default_trace(options.command.front(), std::time(nullptr));
  if (trace && trace->elsewhere && !options.quiet) {
    say(fmt::format("the current directory cannot be written to; the trace is {}", trace->path));
  }
  return trace;
}

// The loader of another architecture complains about the library, that of another C library may
// even give up.
bool must_not_load(Verdict verdict) {
  return verdict == Verdict::other_arch || verdict == Verdict::other_libc;
}

void warn_if_not_seen(const Sight& sight) {
  if (sight.verdict == Verdict::preload || sight.verdict == Verdict::unknown) return;
  say(Error{sight.why + "; its connections will not be seen", sight.next});
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

class Recording {
 public:
  Recording(const RecordOptions& options, Program program)
      : options_(options), program_(std::move(program)) {}

  RecordOutcome run() {
    auto library = find_library();
    if (!library) return failed(library.error());
    auto trace = reserve_trace(options_);
    if (!trace) return failed(trace.error());
    Reservation reservation(*trace);
    auto directory = RunDirectory::create();
    if (!directory) return failed(directory.error());
    auto inbox = SignalInbox::open();
    if (!inbox) return failed(inbox.error());

    CollectorKeeper keeper({.run_directory = directory->path(),
                            .trace_path = trace->path,
                            .replace = true,
                            .all_calls = options_.all_calls,
                            .redact = options_.redact});
    if (!keeper.start()) return {kOwnFailure, ""};
    // While the collector opens the trace:
    auto preload = preload_path(*library, directory->path());
    if (!options_.quiet) {
      warn_if_not_seen(program_.sight);
      if (auto complaint = directory->complaint_about_space(); !complaint.empty()) say(complaint);
    }
    if (!keeper.wait_until_ready()) return {kOwnFailure, ""};
    reservation.recorded();
    if (!preload) {
      keeper.finish();
      return failed(preload.error());
    }
    if (const int signal = signal_to_end(*inbox); signal != 0) {
      keeper.finish();
      return {128 + signal, ""};
    }
    const auto status = record(*inbox, keeper, *directory, *preload);
    if (!status.started) return {status.status, ""};
    reservation.use();
    return {status.status, trace->path};
  }

 private:
  static RecordOutcome failed(const Error& error) {
    say(error);
    return {kOwnFailure, ""};
  }

  // One that came before there was a program it could be passed on to.
  static int signal_to_end(SignalInbox& inbox) {
    while (const auto signal = inbox.next()) {
      if (asks_to_end(static_cast<int>(signal->ssi_signo))) {
        return static_cast<int>(signal->ssi_signo);
      }
    }
    return 0;
  }

  struct Recorded {
    int status = kOwnFailure;
    bool started = false;
  };

  Recorded not_started(int error) const {
    const bool missing = error == ENOENT;
    say(Error{fmt::format("cannot execute '{}': {}", program_.path, std::strerror(error)),
              missing ? "the file or its interpreter went away" : "see execve(2) for this error"});
    return {missing ? 127 : 126, false};
  }

  Recorded record(SignalInbox& inbox, CollectorKeeper& keeper, RunDirectory& directory,
                  const std::string& library) {
    const Environment environment = recorded_environment(
        current_environment(), {.library = must_not_load(program_.sight.verdict) ? "" : library,
                                .run_directory = directory.path(),
                                .all_calls = options_.all_calls,
                                .follow = options_.follow_env});
    Target target;
    const auto mark = pid_mark();
    target.started_ns = monotonic_now();
    const auto started = start_target(program_.path, options_.command, environment, inbox);
    if (!started || started->exec_error != 0) {
      keeper.finish();
      if (started) return not_started(started->exec_error);
      say(started.error());
      return {};
    }
    target.pid = started->pid;
    if (const auto stat = process_stat(target.pid)) target.start_ticks = stat->start_ticks;
    target.executable = real_path(program_.chain.back());
    target.verdict = program_.sight.verdict;
    target.command_line = fmt::format("{}", fmt::join(options_.command, " "));

    ProcessWatch watch(target, directory.path());
    Supervisor supervisor(inbox, keeper, watch);
    const int status = shell_status(supervisor.run_until_ended(target.pid));
    const std::int64_t ended_ns = monotonic_now();
    supervisor.wait_for_descendants(directory.path(), target.start_ticks, mark, options_.quiet);
    std::vector<store::ProcessRow> notes = watch.notes(ended_ns, status);
    for (store::ProcessRow& row : notes) {
      if (!options_.redact || !row.command_line) continue;
      row.command_line = drain::without_arguments(*row.command_line);
    }
    finish(keeper, directory, notes);
    return {status, true};
  }

  static void finish(CollectorKeeper& keeper, RunDirectory& directory,
                     const std::vector<store::ProcessRow>& notes) {
    if (const Status written = drain::write_notes(directory.path(), notes); !written) {
      say(written.error());
    }
    if (keeper.finish()) return;
    if (!directory.has_segments_or_notes()) {
      say("the trace is not complete");
      return;
    }
    say(Error{fmt::format("the trace is not complete; the rest is still in {}", directory.path()),
              fmt::format("store it: sockwatch recover {} -o FILE", directory.path())});
    directory.keep();
  }

  const RecordOptions& options_;
  Program program_;
};

}  // namespace

RecordOutcome record_command(const RecordOptions& options) {
  guard_standard_descriptors();
  auto checked = preflight(options.command);
  if (const auto* cannot_run = std::get_if<CannotRun>(&checked)) {
    say(cannot_run->error);
    return {cannot_run->status, ""};
  }
  return Recording(options, std::move(std::get<Program>(checked))).run();
}

}  // namespace sockwatch::launch
