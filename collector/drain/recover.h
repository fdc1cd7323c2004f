// A trace from what a recording left behind when its collector, its machine or all of it died: the
// segments and notes in its run directory, and the trace as far as it was written.
#pragma once

#include <string>

#include "collector/drain/collect.h"
#include "collector/support/result.h"

namespace sockwatch::drain {

struct RecoverOptions {
  std::string run_directory;
  std::string trace_path;  // the trace of that recording itself: it is brought to its end
  bool replace = false;    // an existing trace
  bool keep = false;       // the run directory, also where all of it was read
};

struct Recovered {
  CollectSummary summary;
  std::string begun_as;  // the trace the recording had begun, now part of this one; may be empty
  bool removed = false;  // the run directory
};

// Refuses a directory somebody still records into or collects from. Changes nothing there before
// the trace is complete, so it may be killed and begun again. Problems with single segments are
// told on standard error and do not stop it; then the directory stays as it was.
Result<Recovered> recover(const RecoverOptions& options);

}  // namespace sockwatch::drain
