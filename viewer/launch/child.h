// Starts the two children of the launcher: the program to be recorded, and the collector.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "collector/support/result.h"
#include "viewer/launch/environment.h"
#include "viewer/launch/fd.h"
#include "viewer/launch/signals.h"

namespace sockwatch::launch {

struct StartedTarget {
  pid_t pid = -1;
  int exec_error = 0;  // not 0: there is no process; the errno of execvp
};

// `path` is the file to execute, `words` what it gets as arguments. It becomes a child in our own
// process group with the descriptors, signal mask and dispositions the launcher was started with,
// and `environment`. Returns when it has been executed.
Result<StartedTarget> start_target(const std::string& path, const std::vector<std::string>& words,
                                   const Environment& environment, const SignalInbox& inbox);

struct CollectorOrder {
  std::string run_directory;
  std::string trace_path;
  bool replace = false;
  bool resume = false;
  bool all_calls = false;
  bool redact = false;
};

struct StartedCollector {
  pid_t pid = -1;
  Fd ready;  // one byte when it is at work, another when the trace is complete; end of file when it
             // failed (and has said why)
  Fd stop;   // write one byte: finish now. Closed without one: finish when no recorded process is
             // left.
};

// This same executable as `sockwatch collect`, in a process group of its own, so that no terminal
// signal reaches it; standard error is kept, no other descriptor.
Result<StartedCollector> start_collector(const CollectorOrder& order);

// Blocks until the next byte of `ready`. False: it has ended or is about to.
bool wait_for_word(const StartedCollector& collector);

// What a shell calls the exit status: 128 + signal for a killed process.
int shell_status(int wait_status);

// Descriptors 0, 1 and 2 exist after this, close-on-exec where they did not before: what we open
// must not become somebody's standard output.
void guard_standard_descriptors();

}  // namespace sockwatch::launch
