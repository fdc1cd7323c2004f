// One slot of a segment and its ring: threads that take it, publish and give it back or vanish with
// it, a child that a fork leaves with its parent's memory of the lease, and a collector that
// drains. Steps are the single stores and exchanges of shim/thread.cpp, as if in one order for all.
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/explore.h"

namespace sockwatch::model {

// What the protocol forbids, to see that the model would find it.
enum class LeaseFault : std::uint8_t {
  none,
  freed_before_last_publish,  // the state becomes free, then the last event is pushed
  owner_left_in_freed_slot,   // `tid` is not cleared before the slot is free
  not_reconciled,             // the next owner trusts `published`
  child_goes_on,              // the child of a fork uses its parent's lease
  published_before_written,   // the write index first, then the element
};

struct LeaseModel {
  using Byte = std::uint8_t;
  static constexpr Byte kElements = 3;  // of the ring; one stays empty
  static constexpr Byte kThreads = 3;
  static constexpr Byte kChild = kThreads;  // of thread 0
  static constexpr Byte kEvents = 4;        // thread 0 has two, the others one each

  enum Where : Byte {
    kBegin,          // of an event
    kLeaseFree,      // exchange kFree for kLeased
    kLeaseDead,      // whose is it, and does that one live
    kLeaseDeadTake,  // exchange the owner
    kLeaseNew,       // exchange kNeverUsed for kLeased
    kNoteOwner,
    kReconcile,
    kRoom,
    kWrite,
    kPublish,
    kCount,
    kForget,  // give back: first the owner, then the state
    kFree,
    kGone,
  };
  struct Thread {
    Byte where = kBegin;
    Byte holds = 0;     // the slot, as it thinks
    Byte event = 0;     // the next one
    Byte last = 0;      // behind its last
    Byte owner = 0;     // seen in the slot
    Byte sequence = 0;  // of the event being pushed
    Byte freed = 0;     // with freed_before_last_publish only
  };
  enum SlotState : Byte { never_used, leased, free };

  Byte fault = 0;
  // The slot and the ring.
  Byte state = never_used;
  Byte tid = 0;  // thread number + 1
  Byte published = 0;
  Byte write = 0;
  Byte read = 0;
  std::array<Byte, kElements> element_event{};
  std::array<Byte, kElements> element_sequence{};
  // The collector.
  Byte expected = 0;
  Byte broken = 0;
  std::array<Byte, kEvents> stored{};
  // What happened, for the judge.
  std::array<Byte, kEvents> was_published{};
  Byte may_vanish = 1;
  Byte may_fork = 1;
  Byte may_move = 1;  // to a larger ring; it may come back for this slot as well
  std::array<Thread, kThreads + 1> threads{};

  static LeaseModel begin(LeaseFault fault);

  const char* wrong() const;
  const char* wrong_at_the_end() const;

  template <typename Then>
  void steps(Then&& then) const {
    for (Byte i = 0; i <= kChild; ++i) {
      if (threads[i].where == kGone) continue;
      LeaseModel next = *this;
      const char* what = next.step(i);
      then(what, next);
      if (may_vanish != 0 && i != kChild) {
        LeaseModel without = *this;
        without.may_vanish = 0;
        without.threads[i].where = kGone;
        then("a thread vanishes", without);
      }
    }
    for (Byte i = 0; i < kThreads && may_move != 0; ++i) {
      if (threads[i].where != kBegin || threads[i].holds == 0) continue;
      LeaseModel next = *this;
      next.may_move = 0;
      next.threads[i].where = kForget;
      then("a thread outgrew the ring, and has another slot", next);
    }
    if (may_fork != 0 && threads[0].where != kGone) {
      LeaseModel next = *this;
      next.may_fork = 0;
      next.threads[kChild] = threads[0];
      then("thread 0 forks", next);
    }
    if (read != write) {
      LeaseModel next = *this;
      next.drain();
      then("the collector drains", next);
    }
  }

 private:
  const char* step(Byte index);
  void drain();
};

}  // namespace sockwatch::model
