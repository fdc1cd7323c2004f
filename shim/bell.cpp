#include "shim/bell.h"

#include <linux/futex.h>

#include <climits>
#include <cstdint>

#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/segment.h"
#include "shim/state.h"

namespace sockwatch::shim::bell {
namespace {

// Between processes, so not FUTEX_WAKE_PRIVATE.
void wake(std::atomic<std::uint32_t>& word) { raw::call(SYS_futex, &word, FUTEX_WAKE, INT_MAX); }

// Never 0.
void add_to_told(wire::Header& header) {
  header.told.fetch_add(2, std::memory_order_relaxed);
  wake(header.told);
}

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
  wake(header.bell);
  header.bell.compare_exchange_strong(rung, wire::kSilent, std::memory_order_relaxed);
}

// Changed, woken, and only then moved: killed in between, the next event tells.
void tell(wire::Header& header, Thread& thread, std::uint64_t mark) {
  const Questions questions;
  if (!questions) {
    return;  // the marks are being removed
  }
  add_to_told(header);
  wire::Slot& slot = *thread.slot;
  const std::size_t elements = slot.elements.load(std::memory_order_relaxed);
  const std::size_t write = thread.ring->write_index.load(std::memory_order_relaxed);
  std::uint64_t next = mark + elements / 4;
  if (thread::room(*thread.ring, elements, write) < elements / 2) {
    next = wire::kTellNever;
    thread.outgrown = elements < wire::kLargeRingElements ? 1 : 0;
  }
  slot.tell_at.compare_exchange_strong(mark, next, std::memory_order_relaxed);
}

void remove(Process& process) {
  wire::Header* header = process.segment.load(std::memory_order_acquire);
  if (header == nullptr) {
    return;
  }
  if (header->bell.exchange(wire::kNoBell, std::memory_order_relaxed) >= wire::kFirstArmed) {
    wake(header->bell);
  }
  add_to_told(*header);
  for (std::uint32_t i = 0; i < wire::kSlotCount; ++i) {
    wire::Slot& slot = segment::slots(header)[i];
    if (slot.tell_at.load(std::memory_order_relaxed) != 0) {
      slot.tell_at.store(wire::kTellNever, std::memory_order_relaxed);
    }
  }
}

void put_back(Process& process) {
  wire::Header* header = process.segment.load(std::memory_order_acquire);
  if (header != nullptr) {
    header->bell.store(wire::kSilent, std::memory_order_relaxed);
  }
}

}  // namespace sockwatch::shim::bell
