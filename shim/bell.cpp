#include "shim/bell.h"

#include <linux/futex.h>

#include <climits>
#include <cstdint>

#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"

namespace sockwatch::shim::bell {
namespace {

// Between processes, so not FUTEX_WAKE_PRIVATE.
void wake(wire::Header& header) { raw::call(SYS_futex, &header.bell, FUTEX_WAKE, INT_MAX); }

}  // namespace

void ring(wire::Header& header, std::uint32_t seen) {
  const Questions questions;
  if (!questions) {
    return;  // the bell is being removed
  }
  // Changed first: a collector that is about to sleep then does not. Where another thread is at it,
  // or the collector was quicker, there is nothing to change.
  std::uint32_t rung = seen | 1U;
  header.bell.compare_exchange_strong(seen, rung, std::memory_order_relaxed);
  wake(header);
  header.bell.compare_exchange_strong(rung, wire::kSilent, std::memory_order_relaxed);
}

void remove(Process& process) {
  wire::Header* header = process.segment.load(std::memory_order_acquire);
  if (header != nullptr &&
      header->bell.exchange(wire::kNoBell, std::memory_order_relaxed) >= wire::kFirstArmed) {
    wake(*header);
  }
}

void put_back(Process& process) {
  wire::Header* header = process.segment.load(std::memory_order_acquire);
  if (header != nullptr) {
    header->bell.store(wire::kSilent, std::memory_order_relaxed);
  }
}

}  // namespace sockwatch::shim::bell
