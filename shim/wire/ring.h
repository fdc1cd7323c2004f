// The queue between one thread of the target and the collector.
//
// Boost's single-producer single-consumer queue with its capacity fixed at compile time: two atomic
// indices and an inline array, no pointer and no allocator, so it works at different addresses in
// two processes. Publishing is one release store of the write index, after the payload: a producer
// killed anywhere leaves a whole event or none.
//
// Producer (the owning thread, inside the target): write_available; it writes through RingImage, as
// Boost's push does but without a second copy (shim/express.h) or a call for each
// (shim/thread.cpp). Consumer (the collector): never through Boost, which trusts the indices it
// finds. A process under observation may write anything here, so the consumer reads through
// RingImage: it copies an index once, checks it, and uses only the copy (collector/drain).
#pragma once

#include <atomic>
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>

#include "shim/wire/event.h"

namespace sockwatch::wire {

#ifdef BOOST_LOCKFREE_FORCE_BOOST_ATOMIC
#error "rings between processes need the compiler's own lock-free atomics"
#endif
// Not lock-free would mean Boost's emulation, which does not work between processes.
static_assert(std::atomic<std::size_t>::is_always_lock_free);

// What every thread begins with, and what one moves to that fills half of it before the collector
// comes (segment.h).
inline constexpr std::size_t kRingCapacity = 4095;        // 4 ms at one million events a second
inline constexpr std::size_t kLargeRingCapacity = 16383;  // 16 ms
using Ring = boost::lockfree::spsc_queue<Event, boost::lockfree::capacity<kRingCapacity>>;
using LargeRing = boost::lockfree::spsc_queue<Event, boost::lockfree::capacity<kLargeRingCapacity>>;

// Boost keeps one array element empty: indices run from 0 to the capacity, and the array has one
// element more than that. A power of two, so that indices can be masked.
inline constexpr std::size_t kRingElements = kRingCapacity + 1;
inline constexpr std::size_t kLargeRingElements = kLargeRingCapacity + 1;
static_assert((kRingElements & (kRingElements - 1)) == 0);
static_assert((kLargeRingElements & (kLargeRingElements - 1)) == 0);

// What a ring of either size looks like in memory: the indices, and the array right behind them.
// Same in Boost 1.74 and 1.83 (a unit test pushes and pops through both views).
struct alignas(64) RingImage {
  std::atomic<std::size_t> write_index;
  char padding_write[64 - sizeof(std::size_t)];
  std::atomic<std::size_t> read_index;
  char padding_read[64 - sizeof(std::size_t)];

  Event* elements() { return reinterpret_cast<Event*>(this + 1); }
};
static_assert(sizeof(RingImage) + kRingElements * sizeof(Event) == sizeof(Ring));
static_assert(sizeof(RingImage) + kLargeRingElements * sizeof(Event) == sizeof(LargeRing));
static_assert(alignof(RingImage) == alignof(Ring));

}  // namespace sockwatch::wire
