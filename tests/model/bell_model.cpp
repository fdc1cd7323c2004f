#include "tests/model/bell_model.h"

namespace sockwatch::model {

BellModel BellModel::begin(BellFault fault) {
  BellModel model;
  model.fault = static_cast<Byte>(fault);
  for (Thread& thread : model.threads) thread.events = 2;
  return model;
}

bool BellModel::all_gone() const {
  for (const Thread& thread : threads) {
    if (thread.where != kGone) return false;
  }
  return true;
}

namespace {

std::uint8_t rung(const BellModel::Thread& thread) { return thread.saw | 1U; }

}  // namespace

// One step of shim/bell.cpp by one thread.
const char* BellModel::step(Byte index) {
  Thread& thread = threads[index];
  const bool looks_first = is(BellFault::looked_before_publish);
  switch (thread.where) {
    case kPublish:
      if (thread.events == 0) {
        thread.where = kGone;
        return "a thread ends";
      }
      if (looks_first) {
        thread.saw = bell;
      } else {
        --thread.events;
        ++in_ring;
      }
      thread.where = kLook;
      return "an event is published";
    case kLook:
      if (looks_first) {
        --thread.events;
        ++in_ring;
      } else {
        thread.saw = bell;
      }
      thread.where = thread.saw < first_armed              ? kPublish
                     : is(BellFault::woken_before_changed) ? kWake
                                                           : kRing;
      return "is the bell armed?";
    case kRing:
      if (bell == thread.saw) {
        bell = rung(thread);
        if (is(BellFault::silent_at_once)) bell = silent;
      }
      thread.where = kWake;
      return "it rings";
    case kWake:
      // One that sees the sandbox coming leaves it to the one that enters it.
      if (sandboxed == 0) wake();
      thread.where = sandboxed != 0 ? kPublish : kSilence;
      return "it wakes the collector";
    case kSilence:
      if (bell == rung(thread) || (is(BellFault::woken_before_changed) && bell == thread.saw)) {
        bell = silent;
      }
      thread.where = kPublish;
      return "it silences the bell";
    case kRemove:
      thread.saw = bell;
      bell = none;
      thread.where = is(BellFault::removed_without_waking) ? kPublish : kWakeRemoved;
      return "it removes the bell";
    case kWakeRemoved:
      if (thread.saw >= first_armed) wake();
      thread.where = kPublish;
      return "it rings for the last time";
    default:
      return "";
  }
}

// One step of the pump. Without a bell it goes on looking for ever.
const char* BellModel::collect() {
  switch (collector) {
    case kDrain:
      in_ring = 0;
      if (bell >= first_armed) bell = silent;
      collector = kArm;
      return "the collector drains";
    case kArm:
      if (bell == silent) {
        if (armed == 0 || !is(BellFault::armed_alike)) armed = static_cast<Byte>(armed + 2);
        bell = armed;
      }
      collector = bell != armed || bell == none         ? kDrain
                  : is(BellFault::looked_before_arming) ? kWait
                                                        : kDrainAgain;
      return "the collector arms the bell";
    case kDrainAgain:
      collector = in_ring != 0 ? kDrain : kWait;
      return "the collector looks again";
    case kWait:
      collector = bell == armed || is(BellFault::waits_for_any_value) ? kAsleep : kDrain;
      return "the collector goes to sleep";
    default:
      return "";
  }
}

// A thread that vanished between publishing and ringing has not rung; only one does.
const char* BellModel::wrong_at_the_end() const {
  return collector == kAsleep && in_ring > 1 - may_vanish ? "asleep, and something is in the ring"
                                                          : nullptr;
}

}  // namespace sockwatch::model
