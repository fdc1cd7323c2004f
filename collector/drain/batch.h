// Rows that belong into one transaction.
#pragma once

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
};

// Puts and commits all of it, or nothing.
Status save(const Batch& batch, store::Writer& writer);

}  // namespace sockwatch::drain
