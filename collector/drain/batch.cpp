#include "collector/drain/batch.h"

namespace sockwatch::drain {
namespace {

// A put that fails dooms the transaction, and its commit says why.
template <typename Rows>
void put_all(const Rows& rows, store::Writer& writer) {
  for (const auto& row : rows) {
    if (!writer.put(row)) return;
  }
}

}  // namespace

bool Batch::empty() const {
  return facts.empty() && processes.empty() && connections.empty() && resolutions.empty() &&
         waits.empty() && calls.empty() && listeners.empty() && failed_calls.empty() &&
         losses.empty() && positions.empty();
}

std::int64_t Batch::records() const {
  return static_cast<std::int64_t>(connections.size() + resolutions.size() + waits.size() +
                                   calls.size() + listeners.size() + failed_calls.size());
}

Status save_as_lost(const Batch& batch, const std::string& why, store::Writer& writer) {
  Batch words;
  words.facts.emplace_back(kStoreErrorKey, why);
  words.losses = batch.losses;
  words.losses.push_back({std::nullopt, kNotStoredCause, batch.records()});
  Batch with_processes = words;
  with_processes.processes = batch.processes;
  if (save(with_processes, writer)) return {};
  return save(words, writer);
}

Status save(const Batch& batch, store::Writer& writer) {
  for (const auto& [key, value] : batch.facts) {
    if (!writer.set(key, value)) break;
  }
  put_all(batch.processes, writer);
  put_all(batch.connections, writer);
  put_all(batch.resolutions, writer);
  put_all(batch.waits, writer);
  put_all(batch.calls, writer);
  put_all(batch.failed_calls, writer);
  put_all(batch.listeners, writer);
  put_all(batch.losses, writer);
  put_all(batch.positions, writer);
  return writer.commit();
}

}  // namespace sockwatch::drain
