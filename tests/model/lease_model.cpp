#include "tests/model/lease_model.h"

namespace sockwatch::model {
namespace {

constexpr std::uint8_t fault_of(LeaseFault fault) { return static_cast<std::uint8_t>(fault); }

}  // namespace

LeaseModel LeaseModel::begin(LeaseFault fault) {
  LeaseModel model;
  model.fault = fault_of(fault);
  constexpr Byte kFirst[kThreads + 1] = {0, 2, 3, 4};
  for (Byte i = 0; i < kThreads; ++i) {
    model.threads[i].event = kFirst[i];
    model.threads[i].last = kFirst[i + 1];
  }
  model.threads[kChild].where = kGone;
  return model;
}

// One step of shim/thread.cpp by one thread.
const char* LeaseModel::step(Byte index) {
  Thread& thread = threads[index];
  const Byte me = static_cast<Byte>((index == kChild ? 0 : index) + 1);
  if (index == kChild && fault != fault_of(LeaseFault::child_goes_on)) {
    thread.where = kGone;  // it finds another generation: what it inherited is not its own
    return "the child leaves its parent's lease alone";
  }
  switch (thread.where) {
    case kBegin:
      if (thread.event == thread.last) {
        thread.where = thread.holds != 0 ? kForget : kGone;
        return "a thread ends";
      }
      thread.where = thread.holds != 0 ? kRoom : kLeaseFree;
      return "an event begins";
    case kLeaseFree:
      if (state != free) {
        thread.where = kLeaseDead;
        return "the slot is not free";
      }
      state = leased;
      thread.holds = 1;
      thread.where = kNoteOwner;
      return "the free slot is taken";
    case kLeaseDead: {
      thread.owner = tid;
      const bool dead = tid != 0 && threads[tid - 1].where == kGone;
      thread.where = dead && state == leased ? kLeaseDeadTake : kLeaseNew;
      return "is its owner dead?";
    }
    case kLeaseDeadTake:
      if (tid != thread.owner) {
        thread.where = kLeaseNew;
        return "somebody else took it from the dead";
      }
      tid = me;
      thread.holds = 1;
      thread.where = kReconcile;
      return "the slot is taken from the dead";
    case kLeaseNew:
      if (state != never_used) {
        ++thread.event;  // counted: no_slot
        thread.where = kBegin;
        return "no slot is left, an event is counted";
      }
      state = leased;
      thread.holds = 1;
      thread.where = kNoteOwner;
      return "the new slot is taken";
    case kNoteOwner:
      tid = me;
      thread.where = kReconcile;
      return "the owner is noted";
    case kReconcile:
      if (fault != fault_of(LeaseFault::not_reconciled)) {
        published =
            static_cast<Byte>(published + (write + kElements - published % kElements) % kElements);
      }
      thread.where = kRoom;
      return "the count is made to agree with the ring";
    case kRoom:
      if ((write + 1) % kElements == read) {
        ++thread.event;  // counted: ring_full
        thread.where = kBegin;
        return "the ring is full, an event is counted";
      }
      thread.sequence = published;
      if (fault == fault_of(LeaseFault::freed_before_last_publish) &&
          thread.event + 1 == thread.last && thread.freed == 0) {
        thread.freed = 1;
        tid = 0;
        state = free;
        thread.where = kWrite;
        return "the slot is freed with an event to come";
      }
      thread.where = fault == fault_of(LeaseFault::published_before_written) ? kPublish : kWrite;
      return "there is room";
    case kWrite:
      if (fault == fault_of(LeaseFault::published_before_written)) {
        const Byte at = static_cast<Byte>((write + kElements - 1) % kElements);
        element_event[at] = thread.event;
        element_sequence[at] = thread.sequence;
        thread.where = kCount;
      } else {
        element_event[write] = thread.event;
        element_sequence[write] = thread.sequence;
        thread.where = kPublish;
      }
      return "the event is written";
    case kPublish:
      write = static_cast<Byte>((write + 1) % kElements);
      was_published[thread.event] = 1;
      thread.where = fault == fault_of(LeaseFault::published_before_written) ? kWrite : kCount;
      return "the write index moves: published";
    case kCount:
      published = static_cast<Byte>(thread.sequence + 1);
      ++thread.event;
      thread.where = kBegin;
      if (thread.freed != 0) {
        thread.holds = 0;
        thread.where = kGone;
      }
      return "the count follows";
    case kForget:
      thread.holds = 0;
      if (fault != fault_of(LeaseFault::owner_left_in_freed_slot)) tid = 0;
      thread.where = kFree;
      return "the owner is forgotten";
    case kFree:
      state = free;
      thread.where = thread.event == thread.last ? kGone : kBegin;
      return "the slot is free";
    default:
      return "";
  }
}

// RingReader: whole, in sequence, or the ring is broken.
void LeaseModel::drain() {
  for (; read != write && broken == 0; read = static_cast<Byte>((read + 1) % kElements)) {
    if (element_sequence[read] != expected) {
      broken = 1;
      return;
    }
    ++expected;
    ++stored[element_event[read]];
  }
}

const char* LeaseModel::wrong() const {
  int owners = 0;
  for (Byte i = 0; i <= kChild; ++i) {
    const bool acts = i != kChild || fault == fault_of(LeaseFault::child_goes_on);
    if (acts && threads[i].where != kGone && threads[i].holds != 0) ++owners;
  }
  if (owners > 1) return "the slot has two owners";
  if (broken != 0) return "the collector finds a broken ring";
  for (Byte event = 0; event < kEvents; ++event) {
    if (stored[event] > 1) return "an event is stored twice";
    if (stored[event] != 0 && was_published[event] == 0) return "an event is stored unpublished";
  }
  return nullptr;
}

const char* LeaseModel::wrong_at_the_end() const {
  for (Byte event = 0; event < kEvents; ++event) {
    if (was_published[event] != 0 && stored[event] != 1) return "a published event is missing";
  }
  return nullptr;
}

}  // namespace sockwatch::model
