// One thread's part: the guard of the ring, the mark of an event under way, and the lease.
//
// An event is put together on the stack, with questions to the kernel in between; a signal handler
// that makes a hooked call meanwhile records its own event, and publishes it first. Only the push
// itself (and the lease of a ring) is not re-entrant: that is the section, some ten nanoseconds.
// Neither ever spans the real call. What can happen inside the section:
//   - a signal handler that makes a hooked call: it finds the section occupied, counts
//     Loss::nested and goes on without a record;
//   - a handler that leaves by longjmp, or a thread cancelled at any instruction: the section stays
//     occupied for good. A later call from a place on the stack above the lost section proves that
//     its frame is gone, and takes over.
// The mark that an event is under way belongs to the outermost of nested ones, because that began
// first; one that was left by a jump is taken over in the same way.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/process.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim {

// initial-exec storage: one load to reach, and small, because glibc keeps little room for it.
struct Thread {
  std::uintptr_t section;    // address in the frame that is pushing; 0: nobody
  std::uintptr_t outermost;  // address in the frame of the outermost event under way; 0: none
  std::uint64_t generation;
  wire::Slot* slot;
  wire::RingImage* ring;
  std::uint64_t lost;  // ring_full, not yet told by an Op::lost event
  std::uint32_t tid;
  std::uint16_t exit_hooked;  // the thread's exit will give the slot back
  std::uint16_t outgrown;     // before the next event it moves to a larger ring
  std::int32_t left;          // one above a descriptor that left its epoll set, untold; 0: none
  std::uint32_t foreign;      // thread::Foreign
};
static_assert(sizeof(Thread) <= 64);
static_assert(offsetof(Thread, foreign) == 60, "hooks/syscall.S");

namespace thread {

[[gnu::visibility("hidden")]] extern constinit thread_local Thread mine;

// Why the memory a thread runs on may not be its own, or the table not that of its descriptors. A
// child of vfork has this in common with the thread that made it.
enum Foreign : std::uint32_t {
  kBorrower = 1 << 0,  // a child of vfork when last asked; the parent, if it asks, is none
  kOwnTable = 1 << 1,  // a table of descriptors of its own, unlike the process's other threads
  kVforked = 1 << 2,   // vfork was called: the child now, or the parent again (hooks/syscall.S)
};

// process::is_borrowed, without a question where there is no reason for one.
inline bool is_foreign(const Process& process) {
  return mine.foreign != 0 && process::is_borrowed(process);
}

// Creates the key whose destructor gives a slot back. Called once by the constructor.
void start();

// Begins an event; `frame` is an address in the caller's frame. The thread then has a ring,
// `recording_since_ns` says that an event is under way, and `t_ns` is the time (of before the
// segment was created, where this call did that: it takes long). nullptr: nothing can be recorded,
// the loss is counted, nothing to end.
Thread* begin(Process& process, std::uintptr_t frame, std::uint64_t& t_ns);

// Whether the thread has a ring in this process already, not only in its parent.
inline bool is_ready(const Process& process, const Thread& thread) {
  return thread.generation == process.generation.load(std::memory_order_relaxed) &&
         thread.slot != nullptr;
}

// Elements that can be pushed into a ring of `elements`, once `write` is its write index. For its
// owner.
inline std::size_t room(const wire::RingImage& ring, std::size_t elements, std::size_t write) {
  return (ring.read_index.load(std::memory_order_acquire) - write - 1) & (elements - 1);
}

// Ends it, whatever was published. `frame` as given to begin().
void end(const Process& process, Thread& thread, std::uintptr_t frame);

// Publishes `count` slots together or, with the ring full or no memory, or from a signal handler
// inside another push, drops them whole and counts the loss. Sets the sequence number of the first.
// Only between begin() and end().
void publish(Process& process, Thread& thread, std::uintptr_t frame, wire::Event* slots,
             std::size_t count);

// In the child of a fork that came from a handler inside one of our functions, perhaps: it returns
// there.
void in_forked_child();

// Gives the slot back, as the end of the thread does.
void release_slot();

}  // namespace thread
}  // namespace sockwatch::shim
