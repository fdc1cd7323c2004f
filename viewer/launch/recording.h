// Records one command from its start to the end of the last process it started.
#pragma once

#include <string>
#include <vector>

namespace sockwatch::launch {

struct RecordOptions {
  std::vector<std::string> command;  // not empty
  std::string output;                // empty: the default name
  bool force = false;
  bool all_calls = false;
  bool follow_env = false;  // also programs that are started with a scrubbed environment
  bool quiet = false;       // errors only
  bool redact = false;      // of command lines store the program alone
};

struct RecordOutcome {
  int status = 125;        // for exit(): the command's, or 125, 126, 127
  std::string trace_path;  // empty: there is no trace
};

// Says on standard error what went wrong, and unless quiet what cannot be seen. The calling process
// must have one thread and leaves its signals blocked.
RecordOutcome record_command(const RecordOptions& options);

}  // namespace sockwatch::launch
