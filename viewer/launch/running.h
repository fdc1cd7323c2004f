// Which processes still record into a run directory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viewer/launch/proc.h"

namespace sockwatch::launch {

// Living processes that carry this run directory (of this user), or that own a segment in it. Not
// the calling one. Ascending. Processes older than `since_ticks` (ProcessStat::start_ticks) are
// passed over. `mark`, made before anybody had the directory, spares a look at each process of the
// machine as long as not many were started.
std::vector<pid_t> processes_recording(const std::string& run_directory,
                                       std::int64_t since_ticks = 0,
                                       const std::optional<PidMark>& mark = std::nullopt);

// Whether the process was started with this run directory in its environment, or, where it has
// written something else over that, whether its library was. In the middle of execve(2) that cannot
// be told: the new environment is not there yet.
enum class Carries { no, yes, not_yet_known };
Carries carries_directory(pid_t pid, const std::string& run_directory);

// Readable when the process has ended. -1 if there is none (or no more descriptors).
int open_pidfd(pid_t pid);

// "4711, 4712, 4713, ..." with at most five.
std::string list_pids(const std::vector<pid_t>& pids);

}  // namespace sockwatch::launch
