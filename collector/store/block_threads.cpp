#include "collector/store/block_threads.h"

#include <algorithm>
#include <utility>

namespace sockwatch::store {

BlockThreads::BlockThreads(int version, std::optional<BlockTest> wanted, const Prepare& prepare,
                           const std::vector<See>& see)
    : wanted_(std::move(wanted)),
      prepare_(prepare),
      see_(see),
      slots_(kAhead, Slot(version)),
      seen_(see.size(), 0) {
  try {
    for (std::size_t reader = 0; reader < see.size(); ++reader) {
      threads_.emplace_back([this, reader] { run(reader); });
    }
  } catch (...) {  // no more threads are to be had
    give_up(nullptr);
    stop();
    throw;
  }
}

BlockThreads::~BlockThreads() {
  give_up(nullptr);
  stop();
}

bool BlockThreads::has_room() const {
  return std::all_of(seen_.begin(), seen_.end(),
                     [this](std::uint64_t seen) { return added_ - seen < kAhead; });
}

bool BlockThreads::add(const std::function<bool(std::string&)>& fill, std::int64_t rows) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_ || has_room(); });
    if (over_) return false;
  }
  // Only this thread changes `added_`, and nobody looks at the slot before it does.
  Slot& next = slot(added_);
  if (added_ > 0) next.block.follow(slot(added_ - 1).block);
  if (!fill(next.bytes) || !next.block.open(next.bytes, rows)) {
    give_up(nullptr);
    return false;
  }
  if (wanted_) next.block.choose(wanted_->of_all(next.block));
  next.prepared = prepare_(next.block);
  const std::lock_guard lock(mutex_);
  ++added_;
  changed_.notify_all();
  return true;
}

bool BlockThreads::finish() {
  {
    const std::lock_guard lock(mutex_);
    complete_ = true;
  }
  stop();
  if (failure_) std::rethrow_exception(failure_);
  return !over_;
}

void BlockThreads::stop() {
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void BlockThreads::give_up(std::exception_ptr failure) {
  const std::lock_guard lock(mutex_);
  over_ = true;
  if (!failure_) failure_ = std::move(failure);
  changed_.notify_all();
}

bool BlockThreads::wait_for_next(std::size_t reader) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return over_ || complete_ || seen_[reader] < added_; });
  return !over_ && seen_[reader] < added_;
}

void BlockThreads::run(std::size_t reader) {
  try {
    for (std::uint64_t next = 0; wait_for_next(reader); ++next) {
      see_[reader](slot(next).prepared.get());
      const std::lock_guard lock(mutex_);
      ++seen_[reader];
      changed_.notify_all();
    }
  } catch (...) {
    give_up(std::current_exception());
  }
}

}  // namespace sockwatch::store
