#include "shim/thread.h"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <new>

#include "shim/bell.h"
#include "shim/clock.h"
#include "shim/membership.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/segment.h"
#include "shim/state.h"

// The names as old C libraries have them: a library built here loads there.
#if defined(__x86_64__)
__asm__(".symver pthread_key_create,pthread_key_create@GLIBC_2.2.5");
__asm__(".symver pthread_key_delete,pthread_key_delete@GLIBC_2.2.5");
__asm__(".symver pthread_setspecific,pthread_setspecific@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver pthread_key_create,pthread_key_create@GLIBC_2.17");
__asm__(".symver pthread_key_delete,pthread_key_delete@GLIBC_2.17");
__asm__(".symver pthread_setspecific,pthread_setspecific@GLIBC_2.17");
#endif

// What pthread_atfork calls with glibc. Other C libraries have no such name, and their loaders
// would end the program for it, where we only mean to stay dormant.
// NOLINTNEXTLINE(readability-identifier-naming): glibc's own name
extern "C" [[gnu::weak]] int __register_atfork(void (*prepare)(), void (*parent)(), void (*child)(),
                                               void* library);

namespace sockwatch::shim::thread {

constinit thread_local Thread mine{};

namespace {

constexpr pthread_key_t kNoKey = ~pthread_key_t{0};
// pthread_setspecific allocates memory for keys from here on (glibc, PTHREAD_KEY_2NDLEVEL_SIZE).
constexpr pthread_key_t kFirstAllocatingKey = 32;
constinit pthread_key_t exit_key = kNoKey;

void at_thread_exit(void*) {
  mine.exit_hooked = 0;  // hooks may run after us and lease again
  membership::tell();
  release_slot();
}

// The highest that needs no memory, because programs see the numbers: the first they make is 0, and
// one that was never made, which is 0 too, has no value.
pthread_key_t make_key() {
  pthread_key_t made[kFirstAllocatingKey];
  std::size_t count = 0;
  pthread_key_t best = kNoKey;
  while (count < kFirstAllocatingKey && pthread_key_create(&made[count], at_thread_exit) == 0) {
    const pthread_key_t key = made[count++];
    if (key < kFirstAllocatingKey && (best == kNoKey || key > best)) {
      best = key;
    }
    if (key >= kFirstAllocatingKey - 1) {
      break;  // the lower ones are ours or taken
    }
  }
  while (count > 0) {
    if (made[--count] != best) {
      pthread_key_delete(made[count]);
    }
  }
  return best;
}

bool on_alternate_stack() {
  const Questions questions;
  stack_t stack{};
  return !questions || raw::failed(raw::call(SYS_sigaltstack, nullptr, &stack)) ||
         (stack.ss_flags & SS_ONSTACK) != 0;
}

std::size_t write_index(const wire::RingImage* ring) {
  return ring->write_index.load(std::memory_order_relaxed);
}

std::size_t elements_of(const wire::Slot& slot) {
  return slot.elements.load(std::memory_order_relaxed);
}

// Of a slot of the process's segment.
wire::RingImage* ring_of(const Process& process, const wire::Slot& slot) {
  wire::Header* header = process.segment.load(std::memory_order_relaxed);
  return segment::ring_place(header, static_cast<std::size_t>(&slot - segment::slots(header)));
}

// The number of slots published and the ring's write index count the same thing, one of them modulo
// the ring. An owner that vanished between the two stores leaves them apart: the index is right.
void reconcile(wire::Slot& slot, const wire::RingImage* ring) {
  const std::uint64_t published = slot.published.load(std::memory_order_relaxed);
  const std::uint64_t missing = (write_index(ring) - published) & (elements_of(slot) - 1);
  if (missing != 0) {
    slot.published.store(published + missing, std::memory_order_release);
  }
}

void take(wire::Header* header, std::uint32_t index) {
  mine.slot = &segment::slots(header)[index];
  mine.ring = segment::ring_place(header, index);
  mine.outgrown = 0;
  mine.slot->tid.store(mine.tid, std::memory_order_relaxed);
  reconcile(*mine.slot, mine.ring);
}

// Slots from `begin` to before `end`.
struct Range {
  std::uint32_t begin;
  std::uint32_t end;
};

bool lease_free(wire::Header* header, Range range) {
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    std::atomic<std::uint32_t>& state = segment::slots(header)[i].state;
    std::uint32_t expected = wire::kFree;
    // Looked at first: a failed exchange, too, takes the line from the thread that writes to it.
    if (state.load(std::memory_order_relaxed) == expected &&
        state.compare_exchange_strong(expected, wire::kLeased, std::memory_order_acquire)) {
      take(header, i);
      return true;
    }
  }
  return false;
}

enum class New : std::uint8_t { leased, no_slot, no_memory };

New lease_new(const Process& process, wire::Header* header, Range range) {
  for (std::uint32_t i = range.begin; i < range.end; ++i) {
    wire::Slot& slot = segment::slots(header)[i];
    if (slot.state.load(std::memory_order_relaxed) != wire::kNeverUsed) {
      continue;
    }
    // Before the slot is ours: whoever sees it leased may rely on the first page. Two threads may
    // do it at once.
    wire::RingImage* place = segment::ring_place(header, i);
    slot.elements.store(wire::ring_elements(i), std::memory_order_relaxed);
    if (!segment::populate(process, slot, place, 1)) {
      return New::no_memory;
    }
    std::uint64_t no_mark = 0;
    slot.tell_at.compare_exchange_strong(no_mark, 1, std::memory_order_relaxed);
    std::uint32_t expected = wire::kNeverUsed;
    if (slot.state.compare_exchange_strong(expected, wire::kLeased, std::memory_order_acquire)) {
      new (place) wire::RingImage;
      take(header, i);
      return New::leased;
    }
  }
  return New::no_slot;
}

// A thread that ended without running destructors keeps its slot. With no other slot left, look at
// one of them each time.
bool lease_from_dead(Process& process, wire::Header* header, std::uint32_t count) {
  static constinit std::atomic<std::uint32_t> next{0};
  const Questions questions;
  if (count == 0 || !questions) {
    return false;
  }
  const std::uint32_t index = next.fetch_add(1, std::memory_order_relaxed) % count;
  wire::Slot& slot = segment::slots(header)[index];
  std::uint32_t owner = slot.tid.load(std::memory_order_acquire);
  // No owner noted: just given back, or just leased.
  if (owner == 0 || slot.state.load(std::memory_order_acquire) != wire::kLeased ||
      raw::call(SYS_tgkill, process.pid.load(std::memory_order_relaxed), owner, 0) != -ESRCH ||
      !slot.tid.compare_exchange_strong(owner, mine.tid, std::memory_order_acq_rel)) {
    return false;
  }
  take(header, index);
  return true;
}

bool lease(Process& process) {
  wire::Header* header = segment::of(process);
  if (header == nullptr) {
    return false;
  }
  if (mine.tid == 0) {
    const Questions questions;
    mine.tid =
        static_cast<std::uint32_t>(questions ? raw::call(SYS_gettid) : process::thread_of_libc());
  }
  const Range range{0, process.usable_slots.load(std::memory_order_relaxed)};
  if (!lease_free(header, range) && !lease_from_dead(process, header, range.end)) {
    const New made = lease_new(process, header, range);
    if (made != New::leased) {
      segment::count_loss(process,
                          made == New::no_slot ? wire::Loss::no_slot : wire::Loss::no_memory);
      return false;
    }
  }
  if (mine.exit_hooked == 0 && exit_key != kNoKey) {
    mine.exit_hooked = pthread_setspecific(exit_key, &mine) == 0 ? 1 : 0;
  }
  return true;
}

// Memory for the next `count` slots of the ring.
bool has_memory(const Process& process, const Thread& thread, std::size_t count) {
  const std::size_t top = write_index(thread.ring) + count;
  const std::size_t elements = elements_of(*thread.slot);
  return segment::populate(process, *thread.slot, thread.ring, top > elements ? elements : top);
}

bool has_room(const Thread& thread, std::size_t count) {
  return room(*thread.ring, elements_of(*thread.slot), write_index(thread.ring)) >= count;
}

bool push(Process& process, Thread& thread, wire::Event* slots, std::size_t count) {
  wire::Slot& slot = *thread.slot;
  if (!has_room(thread, count)) {
    return false;
  }
  if (!has_memory(process, thread, count)) {
    segment::count_loss(process, wire::Loss::no_memory);
    return true;  // dropped, and counted where it belongs
  }
  const std::uint64_t sequence = slot.published.load(std::memory_order_relaxed);
  slots[0].sequence = sequence;
  const std::size_t mask = elements_of(slot) - 1;
  std::size_t at = write_index(thread.ring);
  for (std::size_t i = 0; i < count; ++i) {
    thread.ring->elements()[at & mask] = slots[i];
    ++at;
  }
  thread.ring->write_index.store(at & mask, std::memory_order_release);
  slot.published.store(sequence + count, std::memory_order_release);
  return true;
}

bool tell_losses(Process& process, Thread& thread, std::uint64_t t_ns, std::size_t also_wanted) {
  if (!has_room(thread, also_wanted + 1)) {
    return false;
  }
  wire::Event event{};
  event.op = wire::Op::lost;
  event.fd = -1;
  event.t_ns = t_ns;
  event.tid = thread.tid;
  event.payload.lost.count = thread.lost;
  event.payload.lost.cause = static_cast<std::uint32_t>(wire::Loss::ring_full);
  thread.lost = 0;
  return push(process, thread, &event, 1);
}

// Whether the frame that holds `holder` is one of ours further out. If not it is gone, left by a
// jump: frames further in end first.
bool is_inside(std::uintptr_t holder, std::uintptr_t frame) {
  return holder != 0 && (frame < holder || on_alternate_stack());
}

// False in the child of a fork that has not begun an event of its own.
bool is_own(const Process& process, const Thread& thread) {
  return thread.generation == process.generation.load(std::memory_order_relaxed);
}

// Enters the section. False: a handler inside it; the loss is counted.
bool occupy(Process& process, std::uintptr_t frame) {
  if (is_inside(mine.section, frame)) {
    segment::count_loss(process, wire::Loss::nested);
    return false;
  }
  const bool taken_over = mine.section != 0;
  mine.section = frame;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (taken_over && mine.slot != nullptr) {
    // It may have been left in the middle of a lease.
    mine.ring = ring_of(process, *mine.slot);
    reconcile(*mine.slot, mine.ring);
  }
  return true;
}

void vacate() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  mine.section = 0;
}

void give_back(wire::Slot& slot) {
  slot.recording_since_ns.store(0, std::memory_order_relaxed);
  slot.tid.store(0, std::memory_order_release);
  slot.state.store(wire::kFree, std::memory_order_release);
}

// Between two events of the thread. The events in the ring it had are the collector's to take, as
// after a thread's end. Without MADV_POPULATE_WRITE large rings have no memory.
void move_to_large_ring(Process& process, std::uintptr_t frame) {
  mine.outgrown = 0;  // wherever it leads
  wire::Header* header = process.segment.load(std::memory_order_relaxed);
  if (header == nullptr || !process.populates.load(std::memory_order_relaxed) ||
      !occupy(process, frame)) {
    return;
  }
  wire::Slot* had = mine.slot;
  if (elements_of(*had) == wire::kLargeRingElements) {  // a handler was quicker
    vacate();
    return;
  }
  mine.ring = nullptr;  // the child of a fork does not know which ring it may be in
  std::atomic_signal_fence(std::memory_order_seq_cst);
  constexpr Range kLarge{wire::kSmallSlots, wire::kSlotCount};
  if (lease_free(header, kLarge) || lease_new(process, header, kLarge) == New::leased) {
    give_back(*had);
  } else {
    mine.ring = ring_of(process, *had);
  }
  vacate();
}

}  // namespace

void start() {
  exit_key = make_key();
  // Never taken back: the library stays loaded.
  if (__register_atfork != nullptr) {
    (void)__register_atfork(nullptr, nullptr, in_forked_child, nullptr);
  }
}

// A handler that forks returns in the child into what it came upon, perhaps a push. The checks of
// the generation (is_own) leave the instants between them and the stores.
void in_forked_child() {
  Questions::forget_others();
  process::forked();
  segment::stand_in(mine.ring, mine.section != 0 && mine.ring == nullptr);
}

Thread* begin(Process& process, std::uintptr_t frame, std::uint64_t& t_ns) {
  const std::uint64_t generation = process.generation.load(std::memory_order_relaxed);
  if (mine.generation != generation) {
    // New, or the child of a fork: what its parent leased is neither mapped nor its own.
    mine.slot = nullptr;
    mine.ring = nullptr;
    mine.lost = 0;
    mine.tid = 0;
    mine.section = 0;
    mine.outermost = 0;
    mine.left = 0;
    mine.outgrown = 0;
    mine.generation = generation;
  }
  if (mine.slot == nullptr) {
    const bool makes_segment = process.segment.load(std::memory_order_relaxed) == nullptr;
    t_ns = clock::now_ns();
    if (!occupy(process, frame)) {
      return nullptr;
    }
    // A handler may have leased just before the section was ours.
    const bool leased = mine.slot != nullptr || lease(process);
    vacate();
    if (!leased) {
      return nullptr;
    }
    // The time from before is only good in a ring where nothing can be later yet.
    if (makes_segment && mine.outermost == 0 &&
        mine.slot->published.load(std::memory_order_relaxed) == 0) {
      mine.slot->recording_since_ns.store(t_ns, std::memory_order_seq_cst);
      mine.outermost = frame;
      return &mine;
    }
  }
  if (mine.outgrown != 0 && mine.outermost == 0) [[unlikely]] {
    move_to_large_ring(process, frame);
  }
  if (is_inside(mine.outermost, frame)) {
    t_ns = clock::now_ns();
    return &mine;
  }
  mine.outermost = frame;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  // Before the clock is read for the event, and ordered before that read as others see it: a
  // collector that finds 0 here knows that no event older than its own clock is still to come.
  mine.slot->recording_since_ns.exchange(1, std::memory_order_seq_cst);
  t_ns = clock::now_ns();
  mine.slot->recording_since_ns.store(t_ns, std::memory_order_relaxed);
  return &mine;
}

void end(const Process& process, Thread& thread, std::uintptr_t frame) {
  // Inside another one, or what a fork in a handler left of this one.
  if (thread.outermost != frame || !is_own(process, thread)) {
    return;
  }
  thread.slot->recording_since_ns.store(0, std::memory_order_release);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  thread.outermost = 0;
}

void publish(Process& process, Thread& thread, std::uintptr_t frame, wire::Event* slots,
             std::size_t count) {
  // A handler that ran since begin() may have forked: in the child this event is the parent's.
  if (!is_own(process, thread) || slots[0].tid != thread.tid) {
    return;
  }
  // Memory takes a system call, and signals come at the end of those: before the section.
  constexpr std::size_t kLostEvent = 1;
  if (thread.section == 0) {
    (void)has_memory(process, thread, count + kLostEvent);
  }
  if (!occupy(process, frame)) {
    return;
  }
  const bool told = thread.lost == 0 || tell_losses(process, thread, slots[0].t_ns, count);
  if (!told || !push(process, thread, slots, count)) {
    ++thread.lost;
    thread.slot->lost.fetch_add(1, std::memory_order_relaxed);
  }
  const std::uint64_t published = thread.slot->published.load(std::memory_order_relaxed);
  vacate();
  bell::tell_if_asked(process, thread, published);
  bell::ring_if_armed(process);
}

void release_slot() {
  if (mine.slot == nullptr ||
      mine.generation != process::current().generation.load(std::memory_order_relaxed)) {
    return;
  }
  wire::Slot* slot = mine.slot;
  mine.slot = nullptr;
  mine.ring = nullptr;
  give_back(*slot);
}

}  // namespace sockwatch::shim::thread
