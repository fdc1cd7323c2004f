// The short way to publish an event: written where it will lie in the ring, by one function without
// a call but for the clock. For events that are put together without a question to the kernel and
// take one or two slots, while nothing is out of the ordinary: the thread has its ring, and room
// and memory in it, no event is under way on it, nothing else has to be told first. Otherwise there
// is Record.
//
// The steps are those of thread.cpp, in the same order, and what is said there of signals, jumps
// and forks holds here too.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shim/bell.h"
#include "shim/clock.h"
#include "shim/process.h"
#include "shim/state.h"
#include "shim/thread.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::express {

// Whether `thread` may be used as it is.
inline bool is_open(const Process& process, const Thread& thread) {
  return thread::is_ready(process, thread) &&
         (thread.outermost | thread.section | static_cast<std::uint32_t>(thread.left) |
          thread.foreign | thread.outgrown) == 0;
}

// Within the section. False: out of the ordinary.
[[gnu::always_inline]] inline bool has_room(const Thread& thread, std::size_t elements,
                                            std::size_t write, std::size_t count) {
  const std::uint64_t populated = thread.slot->populated.load(std::memory_order_relaxed);
  if (thread::room(*thread.ring, elements, write) < count || thread.lost != 0) {
    return false;
  }
  if (write + count > populated) [[unlikely]] {
    return populated == elements;
  }
  return true;
}

// `write(event, second, t_ns)` fills all of the event but for sequence, t_ns and tid, and with two
// slots (`kCount`) the second. False: nothing was recorded, go the long way.
template <std::size_t kCount, class Write>
[[gnu::always_inline]] inline bool publish(Write write) {
  Process& process = process::current();
  Thread& thread = thread::mine;
  if (!state::recording() || !is_open(process, thread)) [[unlikely]] {
    return false;
  }
  char here;
  const auto frame = reinterpret_cast<std::uintptr_t>(&here);
  thread.outermost = frame;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  wire::Slot& slot = *thread.slot;  // from here on a handler does not move the thread to another
  slot.recording_since_ns.exchange(1, std::memory_order_seq_cst);
  const std::uint64_t t_ns = clock::now_ns();
  slot.recording_since_ns.store(t_ns, std::memory_order_relaxed);

  thread.section = frame;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (thread.generation != process.generation.load(std::memory_order_relaxed)) [[unlikely]] {
    thread.section = 0;
    return true;  // a handler has forked: in the child this event is the parent's
  }
  wire::RingImage& ring = *thread.ring;
  const std::size_t elements = slot.elements.load(std::memory_order_relaxed);
  const std::size_t mask = elements - 1;
  const std::size_t at = ring.write_index.load(std::memory_order_relaxed) & mask;
  const bool has_room = express::has_room(thread, elements, at, kCount);
  std::uint64_t published = 0;
  if (has_room) [[likely]] {
    const std::uint64_t sequence = slot.published.load(std::memory_order_relaxed);
    published = sequence + kCount;
    wire::Event& event = ring.elements()[at];
    event.sequence = sequence;
    event.t_ns = t_ns;
    event.tid = thread.tid;
    write(event, ring.elements()[(at + 1) & mask], t_ns);
    ring.write_index.store((at + kCount) & mask, std::memory_order_release);
    slot.published.store(published, std::memory_order_release);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.section = 0;
  if (thread.generation == process.generation.load(std::memory_order_relaxed)) [[likely]] {
    slot.recording_since_ns.store(0, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    thread.outermost = 0;
    if (has_room) [[likely]] {
      bell::tell_if_asked(process, thread, published);
    }
    bell::ring_if_armed(process);
  }
  return has_room;
}

}  // namespace sockwatch::shim::express
