// The same blocks for several readers of them, each in a thread of its own and at its own pace.
// Private to this folder.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
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
  // `see` outlives this; each of them sees every block, in order, never two at the same time.
  // `wanted`: of the rows; empty: all are.
  BlockThreads(int version, std::optional<BlockTest> wanted,
               const std::vector<std::function<void(Block&)>>& see);
  ~BlockThreads();  // what was not seen yet is forgotten
  BlockThreads(const BlockThreads&) = delete;
  BlockThreads& operator=(const BlockThreads&) = delete;

  // false: nobody wants more, see finish().
  bool add(std::string bytes, std::int64_t rows);
  // All was seen after this; throws what one of them threw. false: a block was damaged.
  bool finish();

 private:
  static constexpr std::size_t kAhead = 4;
  struct Bytes {
    std::string bytes;
    std::int64_t rows;
  };

  void run(std::size_t reader);
  std::shared_ptr<const Bytes> next_of(std::size_t reader);
  void give_up(std::exception_ptr failure);
  void stop();

  const int version_;
  const std::optional<BlockTest> wanted_;
  const std::vector<std::function<void(Block&)>>& see_;

  std::mutex mutex_;  // what follows
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Bytes>> blocks_;
  std::vector<std::size_t> taken_;  // of blocks_, by each reader
  bool complete_ = false;
  bool over_ = false;  // no more is read
  std::exception_ptr failure_;

  std::vector<std::thread> threads_;
};

}  // namespace sockwatch::store
