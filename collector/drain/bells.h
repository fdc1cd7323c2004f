// Sleeping until a library rings (Bell in shim/wire/segment.h).
//
// The kernel waits for 128 futexes at a time (futex_waitv, Linux 5.16); more bells are shared out
// among threads that do nothing else. What lies under a bell is only looked at by the kernel, so a
// segment that was truncated or is gone makes the sleep end and does no harm.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sockwatch::drain {

class Bells {
 public:
  using Word = std::atomic<std::uint32_t>;
  struct Bell {
    const Word* word;
    std::uint32_t armed;  // as long as it has this value nobody rang
  };

  Bells();
  // Not while somebody sleeps.
  ~Bells();
  Bells(const Bells&) = delete;
  Bells& operator=(const Bells&) = delete;

  // False on older kernels: then nobody may sleep.
  bool work() const { return work_; }

  // Changes with every call of wake().
  std::uint32_t turn() const { return turn_.load(std::memory_order_acquire); }

  // Returns when one of `bells` was rung, wake() was called since `turn` was read, or it is
  // `until_ns` (CLOCK_MONOTONIC); perhaps for no reason. One thread at a time.
  void sleep(const std::vector<Bell>& bells, std::uint32_t turn, std::int64_t until_ns);

  // From any thread.
  void wake();

 private:
  struct Helper {
    std::thread thread;
    std::vector<Bell> bells;
    std::uint32_t turn = 0;
    std::int64_t until_ns = 0;
    bool has_work = false;
  };
  void help(Helper& helper);
  void wait(const Bell* bells, std::size_t count, std::uint32_t turn, std::int64_t until_ns) const;

  bool work_;
  Word turn_{0};
  std::mutex mutex_;  // all of the below
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Helper>> helpers_;
  bool stopping_ = false;
};

}  // namespace sockwatch::drain
