// The same blocks for several readers of them, each in a thread of its own and at its own pace.
// Private to this folder.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/filter.h"

namespace sockwatch::store {

class BlockThreads {
 public:
  using Prepare = std::function<std::shared_ptr<void>(Block&)>;
  using See = std::function<void(void*)>;

  // `prepare` makes of a block what all of `see` get: each of them sees every block, in order,
  // never two at the same time. Both outlive this. `wanted`: of the rows; empty: all are.
  BlockThreads(int version, std::optional<BlockTest> wanted, const Prepare& prepare,
               const std::vector<See>& see);
  ~BlockThreads();  // what was not seen yet is forgotten
  BlockThreads(const BlockThreads&) = delete;
  BlockThreads& operator=(const BlockThreads&) = delete;

  // The next block: read by `fill`, opened and prepared, all in the thread of the caller. false:
  // there is none, or nobody wants more, see finish().
  bool add(const std::function<bool(std::string& bytes)>& fill, std::int64_t rows);
  // All was seen after this; throws what one of them threw. false: a block was damaged.
  bool finish();

 private:
  static constexpr std::size_t kAhead = 4;
  struct Slot {
    explicit Slot(int version) : block(version) {}
    std::string bytes;
    Block block;
    std::shared_ptr<void> prepared;
  };

  Slot& slot(std::uint64_t number) { return slots_[number % kAhead]; }
  bool has_room() const;
  void run(std::size_t reader);
  bool wait_for_next(std::size_t reader);
  void give_up(std::exception_ptr failure);
  void stop();

  std::optional<BlockTest> wanted_;
  const Prepare& prepare_;
  const std::vector<See>& see_;
  std::vector<Slot> slots_;  // block n is in n % kAhead until all have seen it

  std::mutex mutex_;  // what follows
  std::condition_variable changed_;
  std::uint64_t added_ = 0;
  std::vector<std::uint64_t> seen_;  // by each reader
  bool complete_ = false;
  bool over_ = false;  // no more is read
  std::exception_ptr failure_;

  std::vector<std::thread> threads_;
};

}  // namespace sockwatch::store
