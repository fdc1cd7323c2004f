// Everything the library knows that belongs to one process and must not survive a fork.
//
// It lives in one anonymous mapping with MADV_WIPEONFORK: a child, however it was made (fork,
// _Fork, raw clone), finds zeros, which is the state of a process that has never seen a socket. No
// handler runs, no lock is inherited. The segment is MADV_DONTFORK, so a child cannot write into
// its parent's record even by mistake.
//
//   ┌────────────┬───────────────────────┬─────────────────────────┐
//   │ Process    │ Detail* [chunks]      │ bits [2^20]             │   sparse, about 1.1 MiB of
//   └────────────┴───────────────────────┴─────────────────────────┘   address space
//
// Before the first socket there is no mapping: `current()` is a block of zeros that nobody writes,
// so the hooks need no check for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shim/wire/segment.h"

namespace sockwatch::shim {

struct Detail;

struct Process {
  // Hot: read by every wait and every transfer.
  std::atomic<std::uint64_t> pending;  // connecting descriptors + awaiting ones * kAwaitingOne
  std::atomic<std::uint32_t> limit;    // descriptors the table has room for; 0: nothing is tracked
  std::atomic<std::uint32_t> end;      // one above the highest descriptor that ever was of interest
  std::atomic<std::uint32_t> clients;  // some descriptor was tracked, ever
  std::atomic<std::uint32_t> fresh;    // selects whose sets are worth saving: see note_received()

  std::atomic<std::uint64_t> generation;  // 0: fresh; differs between a process and its forks
  std::atomic<std::int32_t> pid;
  std::atomic<std::uint32_t> usable_slots;  // rings that can get memory
  std::atomic<bool> populates;              // memory is asked for piece by piece
  std::atomic<std::uint32_t> attempts;      // to create the segment, that failed
  std::atomic<std::uint32_t> largest_set;   // descriptors of a select beyond an fd_set
  std::atomic<std::uint32_t> segment_busy;  // a thread is creating it (turn.h)
  std::atomic<wire::Header*> segment;
  std::atomic<std::uint64_t> retry_ns;  // not before this is creating it tried again

  static constexpr std::uint64_t kConnectingOne = 1;
  static constexpr std::uint64_t kAwaitingOne = std::uint64_t{1} << 32;

  std::atomic<std::uint8_t>* bits();
  std::atomic<Detail*>* chunks();
  void stop() {
    // The block of zeros is never written.
    if (limit.load(std::memory_order_relaxed) != 0) {
      limit.store(0, std::memory_order_relaxed);
      pending.store(0, std::memory_order_relaxed);
    }
  }
};

namespace process {

inline constexpr std::size_t kDescriptors = std::size_t{1} << 20;
inline constexpr std::size_t kChunkDetails = 64;
inline constexpr std::size_t kChunksOffset = wire::kPage;
inline constexpr std::size_t kBitsOffset =
    kChunksOffset + kDescriptors / kChunkDetails * sizeof(void*);
inline constexpr std::size_t kMappingSize = kBitsOffset + kDescriptors;
static_assert(sizeof(Process) <= kChunksOffset && kBitsOffset % wire::kPage == 0);

[[gnu::visibility("hidden")]] extern constinit std::atomic<Process*> block;

// False while the loader has not relocated this library: objects behind it come first, and their
// IFUNC resolvers may call us (to read /proc/cpuinfo, say). Nothing of ours that is a pointer can
// be used then, errno neither. An address of before is an offset in the file.
inline bool relocated() {
  constexpr std::uintptr_t kLargerThanTheFile = std::uintptr_t{1} << 26;
  return reinterpret_cast<std::uintptr_t>(block.load(std::memory_order_relaxed)) >=
         kLargerThanTheFile;
}

inline Process& current() { return *block.load(std::memory_order_acquire); }

// The block of this process, made ready if it is fresh. nullptr: no memory, or a kernel without
// MADV_WIPEONFORK (before 4.14); the library is disabled then. Async-signal-safe.
Process* ensure();

// True in a child of vfork, which runs on its parent's memory, and in a thread with a table of its
// own: it must leave our table alone, and nothing it does is recorded. Asks the kernel: for what
// connects or closes a number, which is what such a child does first. What comes after that, and
// more often, asks thread::is_foreign.
bool is_borrowed(const Process& process);

// The id libc knows the calling thread by, taken from the clock of the thread, which is made from
// it in the kernel's way: no system call. 0: not known.
long thread_of_libc();

// In the child of a fork.
void forked();

}  // namespace process

inline std::atomic<std::uint8_t>* Process::bits() {
  return reinterpret_cast<std::atomic<std::uint8_t>*>(reinterpret_cast<char*>(this) +
                                                      process::kBitsOffset);
}
inline std::atomic<Detail*>* Process::chunks() {
  return reinterpret_cast<std::atomic<Detail*>*>(reinterpret_cast<char*>(this) +
                                                 process::kChunksOffset);
}

}  // namespace sockwatch::shim
