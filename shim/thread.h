// One thread's part: the guard of the record section and the lease of a ring.
//
// The record section is the few hundred nanoseconds in which an event is put together and pushed.
// It never spans the real call. What can happen inside it:
//   - a signal handler that makes a hooked call: it finds the section occupied, counts
//     Loss::nested and goes on without a record, because a push is not re-entrant;
//   - a handler that leaves by longjmp, or a thread cancelled at any instruction: the section stays
//     occupied for good. A later call from a place on the stack above the lost section proves that
//     its frame is gone, and takes over.
#pragma once

#include <cstdint>

#include "shim/process.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim {

// initial-exec storage: one load to reach, and small, because glibc keeps little room for it.
struct Thread {
  std::uintptr_t section;  // address in the frame that is recording; 0: nobody
  std::uint64_t generation;
  wire::Slot* slot;
  wire::Ring* ring;
  std::uint64_t lost;  // ring_full, not yet told by an Op::lost event
  std::uint32_t tid;
  std::uint32_t exit_hooked;  // the thread's exit will give the slot back
};
static_assert(sizeof(Thread) <= 64);

namespace thread {

// Creates the key whose destructor gives a slot back. Called once by the constructor.
void start();

// Enters the record section; `frame` is an address in the caller's frame. The thread then has a
// ring, `recording_since_ns` says that an event is under way, and `t_ns` is the time (of before the
// segment was created, where this call did that: it takes long). nullptr: not entered, the loss is
// counted, nothing to leave.
Thread* enter(Process& process, std::uintptr_t frame, std::uint64_t& t_ns);

// Leaves it, whatever was published.
void leave(Thread& thread);

// Publishes `count` slots together or, with the ring full or no memory, drops them whole and counts
// the loss. Sets the sequence number of the first. Only inside the section.
void publish(Process& process, Thread& thread, wire::Event* slots, std::size_t count);

// Gives the slot back, as the end of the thread does.
void release_slot();

}  // namespace thread
}  // namespace sockwatch::shim
