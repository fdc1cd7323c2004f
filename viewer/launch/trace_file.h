// The name of the trace, and the place kept for it.
#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "collector/support/result.h"

namespace sockwatch::launch {

// "<program>-<YYYYmmdd-HHMMSS>.sockwatch", local time. Of the program's name only letters, digits
// and "._+-" are kept.
std::string default_trace_name(const std::string& program, std::time_t now);

struct TraceFile {
  std::string path;        // absolute
  bool reserved = false;   // we created it, empty, so that nobody else takes the name
  bool elsewhere = false;  // not in the current directory, because that is not writable
};

// The file the user named. One that exists is an error unless `force`; then the collector replaces
// it if it is a trace.
Result<TraceFile> reserve_named_trace(const std::string& path, bool force);

// The default name in the current directory, else in XDG_STATE_HOME/sockwatch, else in /tmp; with
// -2, -3, ... where the name is taken.
Result<TraceFile> reserve_default_trace(const std::string& program, std::time_t now);

// In the first of `directories` that can be written to; exposed for its test.
Result<TraceFile> reserve_in(const std::vector<std::string>& directories, const std::string& name);

}  // namespace sockwatch::launch
