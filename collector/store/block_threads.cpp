#include "collector/store/block_threads.h"

#include <algorithm>
#include <utility>

namespace sockwatch::store {

BlockThreads::BlockThreads(int version, std::optional<BlockTest> wanted,
                           const std::vector<std::function<void(Block&)>>& see)
    : version_(version), wanted_(std::move(wanted)), see_(see), taken_(see.size(), 0) {
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

bool BlockThreads::add(std::string bytes, std::int64_t rows) {
  auto block = std::make_shared<const Bytes>(Bytes{std::move(bytes), rows});
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return over_ || blocks_.size() < kAhead; });
  if (over_) return false;
  blocks_.push_back(std::move(block));
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

std::shared_ptr<const BlockThreads::Bytes> BlockThreads::next_of(std::size_t reader) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return over_ || complete_ || taken_[reader] < blocks_.size(); });
  if (over_ || taken_[reader] == blocks_.size()) return nullptr;
  auto block = blocks_[taken_[reader]++];
  if (std::find(taken_.begin(), taken_.end(), 0U) == taken_.end()) {
    blocks_.pop_front();
    for (std::size_t& taken : taken_) --taken;
    changed_.notify_all();
  }
  return block;
}

void BlockThreads::run(std::size_t reader) {
  try {
    Block block(version_);
    auto wanted = wanted_;
    while (const auto bytes = next_of(reader)) {
      const bool good = block.open(bytes->bytes, bytes->rows);
      if (good && wanted) block.choose(wanted->of_all(block));
      if (good) see_[reader](block);
      if (!good || block.is_damaged()) return give_up(nullptr);
    }
  } catch (...) {
    give_up(std::current_exception());
  }
}

}  // namespace sockwatch::store
