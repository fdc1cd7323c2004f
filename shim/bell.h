// The bell of the segment (shim/wire/segment.h): wakes a collector that sleeps.
#pragma once

#include <atomic>
#include <cstdint>

#include "shim/process.h"
#include "shim/thread.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::bell {

// One system call, where it may be made. Async-signal-safe. `seen`: what the bell was.
[[gnu::cold]] void ring(wire::Header& header, std::uint32_t seen);

// The same, for a mark that was reached (segment.h). Notes that the thread outgrew its ring.
[[gnu::cold]] void tell(wire::Header& header, Thread& thread, std::uint64_t mark);

// After `published` slots of the thread's ring were: a load, but where the collector fell behind.
inline void tell_if_asked(const Process& process, Thread& thread, std::uint64_t published) {
  const std::uint64_t mark = thread.slot->tell_at.load(std::memory_order_relaxed);
  if (published >= mark) [[unlikely]] {
    if (wire::Header* header = process.segment.load(std::memory_order_relaxed)) {
      tell(*header, thread, mark);
    }
  }
}

// After an event was published: a load, but for the first one after a silence.
inline void ring_if_armed(const Process& process) {
  wire::Header* header = process.segment.load(std::memory_order_relaxed);
  if (header == nullptr) [[unlikely]] {
    return;  // a signal handler has forked since, and this is the child
  }
  const std::uint32_t bell = header->bell.load(std::memory_order_relaxed);
  if (bell >= wire::kFirstArmed) [[unlikely]] {
    ring(*header, bell);
  }
}

// The program is about to enter a sandbox in which no system call of ours is made: from here on the
// collector has to look by itself. It is woken if it sleeps, so this comes before the sandbox.
void remove(Process& process);
// It did not enter it.
void put_back(Process& process);

}  // namespace sockwatch::shim::bell
