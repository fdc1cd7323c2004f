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

inline constexpr std::size_t kRingCapacity = 4095;  // 4 ms at one million events a second; 256 KiB
using Ring = boost::lockfree::spsc_queue<Event, boost::lockfree::capacity<kRingCapacity>>;

// What a Ring looks like in memory: Boost keeps one array element empty, so indices run from 0 to
// kRingCapacity and the array has one element more than the capacity. Same in Boost 1.74 and 1.83
// (a unit test pushes and pops through both views).
struct RingImage {
  static constexpr std::size_t kElements = kRingCapacity + 1;
  std::atomic<std::size_t> write_index;
  char padding_write[64 - sizeof(std::size_t)];
  std::atomic<std::size_t> read_index;
  char padding_read[64 - sizeof(std::size_t)];
  Event elements[kElements];
};
static_assert(sizeof(RingImage) == sizeof(Ring) && alignof(RingImage) == alignof(Ring));

}  // namespace sockwatch::wire
