// The shared-memory file one process image records into.
//
//   ┌─────────┬────────────────────────┬─ page ─┬────────┬───┬──────────────┬───
//   │ Header  │ Slot[kSlotCount]       │ Ring 0 │ Ring 1 │...│ LargeRing 128│...
//   └─────────┴────────────────────────┴────────┴────────┴───┴──────────────┴───
//
// Created by the library at the first event worth recording: `open(O_CREAT|O_EXCL|O_NOFOLLOW,
// 0600)` in the run directory, sized with ftruncate, mapped MAP_SHARED, descriptor closed at once.
// A file is only complete when `magic` is there: it is stored last, with release order. Memory is
// really allocated before it is touched (MADV_POPULATE_WRITE, else fallocate): a full file system
// means fewer events, never SIGBUS in the target. A ring is populated piece by piece, so a thread
// that makes ten calls costs one page, not 256 KiB. An untouched ring costs nothing and must not be
// touched by the reader either: `Slot::state` says whether it ever was in use.
//
// File name: "<pid>.<created_ns>.seg", both decimal; created_ns is CLOCK_MONOTONIC, so each exec of
// a pid has its own. Nobody but the collector ever deletes one.
//
// Bell: a collector that found nothing for a while sleeps until somebody rings. It arms the bell,
// each time with another even number, looks into the rings for a while longer, and then waits on
// the word as a futex. Whoever publishes and finds it armed makes the number odd, wakes the
// collector, and only then makes it kSilent: should it be killed in between, or have to wait for a
// processor, the next one wakes the collector too. So no event costs a system call but the first
// after a silence. There is no fence between publishing and looking at the bell: what lies in
// between is nanoseconds, and the collector looks again milliseconds after it armed.
//
// Marks: while events come, the collector looks into the rings from time to time, and asks to be
// told (`Slot::tell_at`) when one of them gets fuller than it expects meanwhile. Whoever publishes
// up to there adds to `Header::told`, a futex as well, wakes the collector, and then moves the mark
// up by a quarter of the ring, or takes it away where half of it is full. The collector reads
// `told` before it looks into the rings, sets marks when it has, and expects that number when it
// waits. A new slot has its mark at the first event: the collector does not know of it. Without a
// bell (kNoBell) there are no marks either.
//
// Ring lease: a thread takes a slot by compare-exchange kFree → kLeased (acquire) and gives it back
// with kFree (release) at its exit. The collector drains any slot that has `published` above what
// it read, whoever owns it. Nothing is reset at hand-over: sequence numbers go on.
//
// Large rings: the collector may have to wait for a processor for longer than a ring lasts. A
// thread whose ring is half full when it tells takes one of the last kLargeSlots slots before its
// next event, which have large rings, and gives the slot it had back. Where none is free it stays.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shim/wire/event.h"
#include "shim/wire/ring.h"

namespace sockwatch::wire {

inline constexpr std::uint64_t kMagic = 0x3148435457534f53;  // "SOSWTCH1", little endian
inline constexpr std::uint32_t kLayoutVersion = 3;
// Few of the large ones: their memory is the machine's (/dev/shm).
inline constexpr std::size_t kSmallSlots = 128;
inline constexpr std::size_t kLargeSlots = 8;
inline constexpr std::size_t kSlotCount = kSmallSlots + kLargeSlots;
inline constexpr std::size_t kPage = 4096;
inline constexpr char kSegmentSuffix[] = ".seg";

// Environment of the target. Without kDirVariable the library stays dormant.
inline constexpr char kDirVariable[] = "SOCKWATCH_DIR";  // the run directory
inline constexpr char kDetailVariable[] =
    "SOCKWATCH_DETAIL";  // "calls": record every call on a tracked socket

enum SlotState : std::uint32_t {
  kNeverUsed = 0,  // ring memory untouched
  kLeased = 1,
  kFree = 2,  // used before, owner gone; may still hold events
};

enum Bell : std::uint32_t {
  kNoBell = 0,      // the library cannot ring (under seccomp): look by yourself
  kSilent = 1,      // it could, and need not
  kFirstArmed = 2,  // this and above: the collector may be asleep
};

struct alignas(64) Slot {
  std::atomic<std::uint32_t> state;
  std::atomic<std::uint32_t> tid;        // owner
  std::atomic<std::uint64_t> published;  // slots pushed so far = next sequence number
  std::atomic<std::uint64_t> populated;  // elements of the ring's array that have memory
  std::atomic<std::uint64_t> lost;       // ring_full, total; the stream has Op::lost at each place
  std::atomic<std::uint64_t>
      recording_since_ns;  // not 0: an event that returned at this time is about to be published
  std::atomic<std::uint64_t> tell_at;   // when `published` reaches this, the collector is told; 0:
                                        // the library knows nothing of it, kTellNever: not now
  std::atomic<std::uint64_t> elements;  // ring_elements() of this slot; for the library alone
  std::uint64_t reserved;
};
static_assert(sizeof(Slot) == 64);
inline constexpr std::uint64_t kTellNever = ~std::uint64_t{0};

// How the program of a segment makes system calls.
enum Program : std::uint32_t {
  kOrdinary = 0,  // through the C library
  kGo = 1,        // by itself: what is recorded are its parts in C
};

struct alignas(64) Header {
  std::atomic<std::uint64_t> magic;  // stored last
  std::uint32_t layout_version;
  std::uint32_t event_size;
  std::uint32_t ring_size;
  std::uint32_t ring_capacity;
  std::uint32_t slot_count;
  std::uint32_t header_size;   // offset of Slot[0]
  std::uint64_t rings_offset;  // offset of ring 0
  std::uint64_t ring_stride;   // distance of two rings that are not large
  std::uint64_t file_size;
  std::int32_t pid;
  std::int32_t ppid;
  std::uint32_t uid;
  std::uint32_t detail;        // 1: every call
  std::uint64_t monotonic_ns;  // clock anchor: both clocks read together at creation
  std::uint64_t realtime_ns;
  std::uint64_t sandboxed_ns;  // not 0: from here on the target was under seccomp and we made no
                               // call of our own
  std::atomic<std::uint64_t> lost[kLossCauses];  // events dropped outside any ring, by Loss
  char exe[512];            // readlink /proc/self/exe, NUL-terminated, may be cut
  char command_line[1536];  // /proc/self/cmdline: NUL between arguments, cut at the end
  std::uint32_t command_line_length;
  std::atomic<std::uint32_t> bell;  // Bell; 0 too in segments of libraries that know of none
  // Inode of /proc/self/ns/pid, 0 where it cannot be had: `pid` and the name of the file are
  // numbers of that namespace, and may mean nothing, or another process, to the collector.
  std::uint64_t pid_namespace;
  std::uint32_t program;  // Program; kOrdinary too in segments of libraries that do not look
  std::atomic<std::uint32_t> told;  // see above; 0 in segments of libraries that know nothing of it
};

// Whether memory of a file, once it is there, can be written to whatever happens. Where a file
// system copies on write, or asks a server, a store into a ring may fail later, and a SIGBUS would
// be the program's. `type`: f_type of statfs(2); the numbers are those of linux/magic.h.
constexpr bool holds_rings(std::uint64_t type) {
  switch (type) {
    case 0x01021994:  // tmpfs
    case 0x858458f6:  // ramfs
    case 0x0000ef53:  // ext2, ext3, ext4
    case 0x58465342:  // xfs
    case 0x794c7630:  // overlayfs: of what lies below it nothing is known
      return true;
    default:
      return false;
  }
}

constexpr std::size_t round_to_page(std::size_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}
static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(Header) % 64 == 0);
inline constexpr std::size_t kRingsOffset =
    round_to_page(sizeof(Header) + kSlotCount * sizeof(Slot));
inline constexpr std::size_t kRingStride = round_to_page(sizeof(Ring));
inline constexpr std::size_t kLargeRingStride = round_to_page(sizeof(LargeRing));
inline constexpr std::size_t kLargeRingsOffset = kRingsOffset + kSmallSlots * kRingStride;
inline constexpr std::size_t kSegmentSize = kLargeRingsOffset + kLargeSlots * kLargeRingStride;

// The ring of a slot (slot < kSlotCount): where it is in the file, the bytes it has there, the
// elements of its array.
constexpr bool is_large(std::size_t slot) { return slot >= kSmallSlots; }
constexpr std::size_t ring_offset(std::size_t slot) {
  return is_large(slot) ? kLargeRingsOffset + (slot - kSmallSlots) * kLargeRingStride
                        : kRingsOffset + slot * kRingStride;
}
constexpr std::size_t ring_bytes(std::size_t slot) {
  return is_large(slot) ? kLargeRingStride : kRingStride;
}
constexpr std::size_t ring_elements(std::size_t slot) {
  return is_large(slot) ? kLargeRingElements : kRingElements;
}

}  // namespace sockwatch::wire
