// What a launcher knows and the rings cannot tell: how the command ended, and which processes were
// never seen. Written by the launching command of the viewer into the run directory (kNotesFile),
// read by the collector when it finishes. JSON, because both ends are ours and a person may look at
// it after a crash.
#pragma once

#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "collector/support/result.h"

namespace sockwatch::drain {

inline constexpr char kNotesFile[] = "launch.json";

// `id` of each row is ignored: the collector joins by pid and start_ticks to the processes it saw
// itself and gives the others an id. `coverage` of a row says why it was not seen; "preload" where
// the library was found loaded.
Status write_notes(const std::string& run_directory,
                   const std::vector<store::ProcessRow>& processes);

// A missing file is an empty list; a damaged one an error.
Result<std::vector<store::ProcessRow>> read_notes(const std::string& run_directory);

}  // namespace sockwatch::drain
