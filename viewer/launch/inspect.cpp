#include "viewer/launch/inspect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "shim/wire/segment.h"
#include "viewer/launch/library.h"
#include "viewer/launch/privilege.h"
#include "viewer/launch/proc.h"
#include "viewer/launch/watch.h"
#include "viewer/model/coverage.h"

namespace sockwatch::launch {
namespace {

constexpr const char* kDeleted = " (deleted)";

void add_sight(const Sight& sight, Inspection& inspection) {
  inspection.coverage = coverage_word(sight.verdict);
  inspection.seen = sight.verdict == Verdict::preload || sight.verdict == Verdict::unknown;
  if (!sight.why.empty()) inspection.reasons.push_back(sight.why);
  if (!sight.next.empty()) inspection.next_steps.push_back(sight.next);
}

void add_library(Inspection& inspection) {
  const auto library = find_library();
  if (library) return;
  inspection.seen = false;
  inspection.reasons.push_back(library.error().message);
  inspection.next_steps.push_back(library.error().hint);
}

std::string environment_value(const std::vector<std::string>& environment,
                              const std::string& name) {
  for (const std::string& entry : environment) {
    if (entry.starts_with(name + "=")) return entry.substr(name.size() + 1);
  }
  return {};
}

bool is_another_users(pid_t pid) {
  return effective_user(pid).value_or(::geteuid()) != ::geteuid();
}

Sight judge_process(pid_t pid, const std::string& executable) {
  if (has_more_rights(pid) && !is_another_users(pid)) {
    return {Verdict::setuid, "it has more rights than you, so ld.so ignores the library for it",
            "record it as the user it runs as"};
  }
  if (const std::string how = gains_privilege(executable); !how.empty()) {
    return {Verdict::setuid, fmt::format("'{}' raises privileges ({})", executable, how),
            "record it as the user it runs as"};
  }
  const auto facts = read_executable(fmt::format("/proc/{}/exe", pid));
  if (!facts || !facts->readable) {
    return {Verdict::unknown, "its executable cannot be read, so it is not known what it is", ""};
  }
  return judge_elf(*facts, executable);
}

Error cannot_look(pid_t pid) {
  const bool root = ::geteuid() == 0;
  std::string next = "run check as root";
  if (root && !may_look_into_others()) {
    next =
        "this container or sandbox lacks CAP_SYS_PTRACE: run check outside of it, or on a process "
        "started inside";
  } else if (root) {
    next =
        "it has rights that this container or sandbox lacks, or a security module forbids it: run "
        "check outside, or on a process started inside";
  }
  return {
      fmt::format("process {} does not let {} look at it", pid, root ? "even root" : "this user"),
      next};
}

void add_shut_out(const std::string& word, const std::string& but, Inspection& inspection) {
  const model::Reason reason = model::why_not_seen(word);
  inspection.coverage = word;
  inspection.seen = false;
  inspection.reasons.push_back(but + reason.what);
  inspection.next_steps.push_back(reason.next_step);
}

// Of a process that has the library.
void add_recording(pid_t pid, Inspection& inspection) {
  const auto environment = process_environment(pid).value_or(std::vector<std::string>());
  const std::string directory = environment_value(environment, wire::kDirVariable);
  if (directory.empty()) {
    inspection.reasons.emplace_back(
        "it has the library, but no SOCKWATCH_DIR to record into is in its environment");
  } else if (const std::string word = shut_out(pid, directory); !word.empty()) {
    add_shut_out(word, fmt::format("it has the library, but cannot record into {}: it ", directory),
                 inspection);
  } else {
    inspection.reasons.push_back("it has the library and records into " + directory);
  }
}

// Of one that has not: what would keep it from being recorded although its image would not.
void add_surroundings(pid_t pid, Inspection& inspection) {
  inspection.reasons.emplace_back("it runs without the library: nothing of it is recorded now");
  if (inspection.seen && !finds_the_same(pid, "/dev/shm").value_or(true)) {
    add_shut_out("other-mounts", "started as it is, it ", inspection);
  }
  if (!inspection.seen) return;
  inspection.next_steps.push_back(
      is_another_users(pid)
          ? fmt::format("start it again as the user it runs as (uid {}), with: sockwatch run -- "
                        "COMMAND",
                        effective_user(pid).value_or(0))
          : "start it again with: sockwatch run -- COMMAND");
}

// What a filter does with a call cannot be asked.
void add_filter(pid_t pid, Inspection& inspection) {
  if (!is_filtered(pid)) return;
  inspection.reasons.emplace_back(
      "it is under a seccomp filter: one that ends a process for a call it does not expect can end "
      "it for a call of the library, if it was set up from outside");
  inspection.next_steps.emplace_back(
      "if the filter kills (SystemCallFilter= of systemd does, a container's does not), let it "
      "answer with an errno while you record: SystemCallErrorNumber=EPERM");
}

}  // namespace

std::variant<Inspection, CannotRun> inspect_command(const std::vector<std::string>& words) {
  auto checked = preflight(words);
  if (const auto* cannot_run = std::get_if<CannotRun>(&checked)) return *cannot_run;
  const Program& program = std::get<Program>(checked);
  Inspection inspection;
  inspection.subject = words.front();
  inspection.path = program.path;
  inspection.chain = program.chain;
  add_sight(program.sight, inspection);
  if (program.shared_asan) {
    inspection.reasons.push_back(
        "it loads the AddressSanitizer runtime; run and record start it with "
        "ASAN_OPTIONS=verify_asan_link_order=0");
  }
  add_library(inspection);
  return inspection;
}

Result<Inspection> inspect_process(pid_t pid) {
  const auto stat = process_stat(pid);
  if (!stat) return Error{fmt::format("there is no process {}", pid), "list them: ps -e"};
  if (stat->state == 'Z' || stat->state == 'X') {
    return Error{
        fmt::format("process {} has ended; its parent {} has not noticed yet", pid, stat->ppid),
        "check a living process"};
  }
  Inspection inspection;
  inspection.subject = std::to_string(pid);
  inspection.pid = pid;
  inspection.path = process_executable(pid);
  if (inspection.path.empty() && process_command_line(pid).empty()) {
    return Error{fmt::format("{} is a thread of the kernel", pid), "it runs no program"};
  }
  if (inspection.path.ends_with(kDeleted)) {
    inspection.path.resize(inspection.path.size() - std::char_traits<char>::length(kDeleted));
    inspection.reasons.push_back("its executable has been replaced or removed since it started");
  }
  inspection.recording = has_mapped(pid, kLibraryName);
  if (!inspection.recording && (is_another_users(pid) || !has_more_rights(pid))) {
    return cannot_look(pid);
  }
  add_sight(judge_process(pid, inspection.path), inspection);
  add_library(inspection);
  if (inspection.recording.value_or(false)) {
    add_recording(pid, inspection);
  } else {
    add_surroundings(pid, inspection);
  }
  add_filter(pid, inspection);
  return inspection;
}

}  // namespace sockwatch::launch
