#include "collector/drain/bells.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>

#include "collector/drain/clock.h"

namespace sockwatch::drain {
namespace {

#ifdef SYS_futex_waitv
constexpr long kWaitMany = SYS_futex_waitv;
#else
constexpr long kWaitMany = 449;  // everywhere but on alpha
#endif
constexpr std::uint32_t kOf32Bits = 2;  // FUTEX_32
constexpr std::size_t kMost = 128;      // FUTEX_WAITV_MAX
constexpr std::size_t kMostBells = kMost - 1;

struct Waiter {  // struct futex_waitv
  std::uint64_t expected;
  std::uint64_t address;
  std::uint32_t flags;
  std::uint32_t reserved;
};
static_assert(sizeof(Waiter) == 24);

Waiter waiter(const Bells::Word& word, std::uint32_t expected, std::uint32_t flags) {
  return {expected, reinterpret_cast<std::uintptr_t>(&word), kOf32Bits | flags, 0};
}

}  // namespace

// No waiters are no valid question, where there is anybody to ask.
Bells::Bells() : work_(::syscall(kWaitMany, nullptr, 0, 0, nullptr, 0) != 0 && errno == EINVAL) {}

Bells::~Bells() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  changed_.notify_all();
  for (const auto& helper : helpers_) helper->thread.join();
}

void Bells::sleep(const std::vector<Bell>& bells, std::uint32_t turn, std::int64_t until_ns) {
  const std::size_t own = std::min(bells.size(), kMostBells);
  if (bells.size() > own) {
    const std::lock_guard lock(mutex_);
    std::size_t index = 0;
    for (std::size_t at = own; at < bells.size(); at += kMostBells, ++index) {
      if (index == helpers_.size()) {
        Helper& started = *helpers_.emplace_back(std::make_unique<Helper>());
        started.thread = std::thread([this, &started] { help(started); });
      }
      Helper& helper = *helpers_[index];
      const auto from = bells.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = static_cast<std::ptrdiff_t>(std::min(bells.size() - at, kMostBells));
      helper.bells.assign(from, from + count);
      helper.turn = turn;
      helper.until_ns = until_ns;
      helper.has_work = true;
    }
    changed_.notify_all();
  }
  wait(bells.data(), own, turn, until_ns);
  if (bells.size() > own) wake();  // the helpers
}

void Bells::help(Helper& helper) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || helper.has_work; });
    if (stopping_) return;
    helper.has_work = false;
    const std::vector<Bell> bells = helper.bells;
    const std::uint32_t turn = helper.turn;
    const std::int64_t until_ns = helper.until_ns;
    lock.unlock();
    wait(bells.data(), bells.size(), turn, until_ns);
    if (turn_.load(std::memory_order_acquire) == turn) wake();
    lock.lock();
  }
}

void Bells::wait(const Bell* bells, std::size_t count, std::uint32_t turn,
                 std::int64_t until_ns) const {
  std::array<Waiter, kMost> waiters;
  waiters[0] = waiter(turn_, turn, FUTEX_PRIVATE_FLAG);
  for (std::size_t i = 0; i < count; ++i)
    waiters[i + 1] = waiter(*bells[i].word, bells[i].armed, 0);
  const timespec until{until_ns / kNsPerSecond, until_ns % kNsPerSecond};
  (void)::syscall(kWaitMany, waiters.data(), static_cast<unsigned>(count + 1), 0U, &until,
                  CLOCK_MONOTONIC);
}

void Bells::wake() {
  turn_.fetch_add(1, std::memory_order_acq_rel);
  (void)::syscall(SYS_futex, &turn_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace sockwatch::drain
