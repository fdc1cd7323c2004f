// Looks at the processes below the target while it runs and notes those the library does not see.
// Only /proc is read; no process notices. A process that lives shorter than one interval may be
// missed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/launch/preflight.h"
#include "viewer/launch/running.h"

namespace sockwatch::launch {

struct Target {
  pid_t pid = -1;
  std::int64_t start_ticks = 0;
  std::int64_t started_ns = 0;  // CLOCK_MONOTONIC
  std::string executable;       // the file whose image it is: of a script, the interpreter
  Verdict verdict = Verdict::preload;
  std::string command_line;
};

class ProcessWatch {
 public:
  ProcessWatch(Target target, std::string run_directory);

  // One look; returns how long to wait for the next, chosen so that looking takes at most one part
  // in fifty of one processor.
  std::chrono::milliseconds look();

  // For the launch notes: the target, then every process that was found and not seen.
  std::vector<store::ProcessRow> notes(std::int64_t ended_ns, std::int64_t exit_status) const;
  std::vector<store::ProcessRow> not_seen() const;

 private:
  struct Member {
    store::ProcessRow row;
    std::string judged;  // the executable the coverage is about, and its user
    std::optional<uid_t> judged_user;
    int unloaded = 0;  // looks in which a program that should load the library had not
  };

  void find_new_members();
  void judge(pid_t pid, Member& member);
  Carries belongs(pid_t pid) const;

  Target target_;
  std::string run_directory_;
  std::unordered_set<pid_t> known_;  // processes that need no second look
  std::map<pid_t, Member> members_;  // living ones below the target, and the target
  std::vector<store::ProcessRow> ended_not_seen_;
  int looks_ = 0;
};

// Of a process that has the library: the word for why it cannot make a segment in the run
// directory. Empty if it can, or has one that it made before.
std::string shut_out(pid_t pid, const std::string& run_directory);

// How a running process is recorded: a word of the column `coverage`, or empty if it cannot be told
// yet (the loader is at work, or the process is gone). "unknown": it has our variables but not the
// library.
std::string running_coverage(pid_t pid, const std::string& run_directory);

}  // namespace sockwatch::launch
