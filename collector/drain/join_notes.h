// Brings together what the collector saw of processes and what their launcher knows.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/store/rows.h"

namespace sockwatch::drain {

// `seen`: rows of this trace. Returns the rows to put: those of `seen` that a note adds to, and one
// with an id from `next_id` on for each process that was not seen. A note belongs to a row of the
// same pid and start_ticks (where one of them lacks the latter, the pid decides); of several images
// of one process to the last, which is the one that ended. One that says that the library could not
// reach the run directory is about an image that nobody saw, and gets a row of its own. What was
// seen is never overwritten.
std::vector<store::ProcessRow> join_notes(const std::vector<store::ProcessRow>& seen,
                                          const std::vector<store::ProcessRow>& notes,
                                          std::int64_t& next_id);

}  // namespace sockwatch::drain
