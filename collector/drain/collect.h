// The collector: finds segments in a run directory, drains them, writes a trace, until it is told
// to stop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "collector/store/writer.h"
#include "collector/support/result.h"

namespace sockwatch::drain {

enum class Stage {
  recording,  // the directory is watched and the trace is open
  complete,   // the trace is whole
};

struct CollectOptions {
  std::string run_directory;  // must exist, be a directory of this user, mode 0700
  std::string trace_path;
  store::OpenMode mode = store::OpenMode::create;
  bool all_calls = false;  // --detail calls
  int stop_fd = -1;  // readable (or closed by the other end): drain what is there, finish, return
  std::function<void(Stage)> reached = {};  // called by the thread of collect(), once for each
  // Take what is left of a recording whose machine or collector died, perhaps before this boot, and
  // finish at once. Nothing in the run directory is changed. See recover.h.
  bool recover = false;
  std::uint64_t snapshot_bytes = std::uint64_t{1} << 20;  // noted since the last one: see Logbook
  bool redact = false;  // of a command line only the program is stored
};

struct CollectSummary {
  std::uint64_t events = 0;       // observations applied
  std::uint64_t connections = 0;  // rows of the trace
  std::uint64_t segments = 0;
  std::uint64_t lost = 0;      // over all causes
  std::uint64_t restarts = 0;  // how often a collector took over from one that had died
  std::uint64_t refused = 0;   // segments that were not read
};

// Blocks. Removes a segment's file once its process is dead and everything in it is committed.
// SIGTERM and SIGINT must be arranged by the caller to make stop_fd readable.
Result<CollectSummary> collect(const CollectOptions& options);

// Creates a run directory for one recording, mode 0700, in the shared-memory file system (else
// TMPDIR, else /tmp) and returns its path; the name is unique, so two recordings never meet.
Result<std::string> create_run_directory();

}  // namespace sockwatch::drain
