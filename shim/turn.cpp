#include "shim/turn.h"

#include <linux/futex.h>

#include <climits>

#include "shim/clock.h"
#include "shim/raw.h"

namespace sockwatch::shim::turn {
namespace {

enum State : std::uint32_t { kNobody = 0, kTaken = 1, kIsAwaited = 2 };

}  // namespace

bool begin(Word& word) {
  std::uint32_t expected = kNobody;
  return word.compare_exchange_strong(expected, kTaken, std::memory_order_acquire);
}

void end(Word& word) {
  if (word.exchange(kNobody, std::memory_order_release) == kIsAwaited) {
    raw::call(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX);
  }
}

// Asleep: a thousand threads that look again and again leave no processor to the one they wait for.
void wait(Word& word, std::int64_t patience_ns) {
  constexpr int kQuickLooks = 2000;  // some microseconds
  for (int i = 0; i < kQuickLooks && word.load(std::memory_order_acquire) != kNobody; ++i) {
  }
  const auto end_ns = static_cast<std::int64_t>(clock::now_ns()) + patience_ns;
  std::uint32_t seen = word.load(std::memory_order_acquire);
  while (seen != kNobody) {
    const std::int64_t left_ns = end_ns - static_cast<std::int64_t>(clock::now_ns());
    if (left_ns <= 0) {
      return;
    }
    if (seen == kIsAwaited || word.compare_exchange_strong(seen, kIsAwaited)) {
      const long time[2] = {0, left_ns};  // struct timespec
      raw::call(SYS_futex, &word, FUTEX_WAIT_PRIVATE, kIsAwaited, time);
      seen = word.load(std::memory_order_acquire);
    }
  }
}

}  // namespace sockwatch::shim::turn
