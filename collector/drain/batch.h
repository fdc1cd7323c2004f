// Rows that belong into one transaction.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/drain/facts.h"
#include "collector/store/rows.h"
#include "collector/store/writer.h"
#include "collector/support/result.h"

namespace sockwatch::drain {

// Kept until its commit succeeded: after a failure the whole batch is put again.
struct Batch {
  Facts facts;
  std::vector<store::ProcessRow> processes;
  std::vector<store::ConnectionRow> connections;
  std::vector<store::ResolutionRow> resolutions;
  std::vector<store::WaitRow> waits;
  std::vector<store::CallRow> calls;
  std::vector<store::FailedCallRow> failed_calls;
  std::vector<store::ListenerRow> listeners;
  std::vector<store::LossRow> losses;
  std::vector<store::PositionRow> positions;

  bool empty() const;
  // Rows of what was observed; processes, losses and positions are none.
  std::int64_t records() const;
};

// Cause in table loss, without a process, and key in table trace: why.
inline constexpr char kNotStoredCause[] = "not_stored";
inline constexpr char kStoreErrorKey[] = "store_error";

// Puts and commits all of it, or nothing.
Status save(const Batch& batch, store::Writer& writer);

// The trace has no room for the batch: its records are counted as lost instead, with the processes
// they belong to if these fit.
Status save_as_lost(const Batch& batch, const std::string& why, store::Writer& writer);

}  // namespace sockwatch::drain
