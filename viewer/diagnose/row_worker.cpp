#include "viewer/diagnose/row_worker.h"

#include <utility>

namespace sockwatch::diagnose {

RowWorker::~RowWorker() { stop(); }

void RowWorker::add(const store::ConnectionRow& row) {
  Batch& batch = batches_[filling_];
  if (batch.used == batch.rows.size()) {
    batch.rows.push_back(row);
  } else {
    batch.rows[batch.used] = row;
  }
  if (++batch.used == kBatchRows) hand_over();
}

void RowWorker::hand_over() {
  std::unique_lock lock(mutex_);
  batches_[filling_].full = true;
  filling_ = (filling_ + 1) % kBatches;
  changed_.notify_all();
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.wait(lock, [&] { return !batches_[filling_].full; });
}

void RowWorker::finish() {
  stop();
  if (failure_) std::rethrow_exception(failure_);
  work_on(batches_[filling_]);
}

void RowWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    no_more_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RowWorker::run() {
  for (std::size_t next = 0;; next = (next + 1) % kBatches) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return batches_[next].full || no_more_; });
      if (!batches_[next].full) return;
    }
    // After a failure the owner is still let through, to hear of it at the end.
    if (!failure_) {
      try {
        work_on(batches_[next]);
      } catch (...) {
        failure_ = std::current_exception();
      }
    }
    batches_[next].used = 0;
    {
      const std::lock_guard lock(mutex_);
      batches_[next].full = false;
    }
    changed_.notify_all();
  }
}

void RowWorker::work_on(Batch& batch) {
  for (std::size_t i = 0; i < batch.used; ++i) work_(batch.rows[i]);
}

}  // namespace sockwatch::diagnose
