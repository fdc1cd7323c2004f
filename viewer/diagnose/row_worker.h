// Works on rows in a thread of its own, while its owner reads the next ones. Rows are copied; they
// are worked on in the order they were added. Few rows are worked on by the owner's thread, in
// finish().
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "collector/store/rows.h"

namespace sockwatch::diagnose {

class RowWorker {
 public:
  using Work = std::function<void(const store::ConnectionRow&)>;

  explicit RowWorker(Work work) : work_(std::move(work)) {}
  ~RowWorker();  // what was not worked on is forgotten
  RowWorker(const RowWorker&) = delete;
  RowWorker& operator=(const RowWorker&) = delete;

  void add(const store::ConnectionRow& row);
  // All that was added is worked on after this; throws what `work` threw. Once, at the end.
  void finish();

  static constexpr std::size_t kBatchRows = 512;

 private:
  static constexpr std::size_t kBatches = 4;
  struct Batch {
    std::vector<store::ConnectionRow> rows;  // kept, so that their strings keep their memory
    std::size_t used = 0;
    bool full = false;  // the worker's; else the owner's
  };

  void hand_over();
  void run();
  void work_on(Batch& batch);
  void stop();

  Work work_;
  std::array<Batch, kBatches> batches_;
  std::size_t filling_ = 0;  // the owner's batch

  std::mutex mutex_;  // `full` of the batches, and these
  std::condition_variable changed_;
  bool no_more_ = false;
  std::exception_ptr failure_;

  std::thread thread_;
};

}  // namespace sockwatch::diagnose
