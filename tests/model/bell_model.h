// A collector that goes to sleep and two threads that publish: the steps of shim/bell.cpp and of
// collector/drain/pump.cpp, as if in one order for all. Nobody looks by itself after a time, so
// what nobody rings for stays in the ring.
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/explore.h"

namespace sockwatch::model {

// What the protocol forbids, to see that the model would find it.
enum class BellFault : std::uint8_t {
  none,
  looked_before_arming,    // and not once more afterwards
  silent_at_once,          // without a state between: others rely on one that was killed
  woken_before_changed,    // the system call first, then the word
  armed_alike,             // each time with the same number
  waits_for_any_value,     // the collector does not name the value it expects
  looked_before_publish,   // the bell is looked at before the event is there
  removed_without_waking,  // a sandbox is entered with the collector asleep
};

struct BellModel {
  using Byte = std::uint8_t;
  static constexpr Byte kThreads = 2;

  enum Where : Byte { kPublish, kLook, kRing, kWake, kSilence, kRemove, kWakeRemoved, kGone };
  enum Word : Byte { none, silent, first_armed };
  enum Collector : Byte { kDrain, kArm, kDrainAgain, kWait, kAsleep };
  struct Thread {
    Byte where = kPublish;
    Byte events = 0;  // still to come
    Byte saw = 0;     // of the bell
  };

  Byte fault = 0;
  Byte bell = silent;
  Byte armed = 0;  // what the collector made it last
  Byte in_ring = 0;
  Byte collector = kDrain;
  Byte sandboxed = 0;
  Byte may_vanish = 1;
  Byte may_enter_sandbox = 1;
  std::array<Thread, kThreads> threads{};

  static BellModel begin(BellFault fault);

  const char* wrong() const { return nullptr; }
  const char* wrong_at_the_end() const;

  template <typename Then>
  void steps(Then&& then) const {
    for (Byte i = 0; i < kThreads; ++i) {
      if (threads[i].where == kGone) continue;
      BellModel next = *this;
      const char* what = next.step(i);
      then(what, next);
      // Of what a thread cancelled while it enters a sandbox leaves, see kAsleepRoundEveryNs.
      if (may_vanish != 0 && threads[i].where != kRemove && threads[i].where != kWakeRemoved) {
        BellModel without = *this;
        without.may_vanish = 0;
        without.threads[i].where = kGone;
        then("a thread vanishes", without);
      }
      if (may_enter_sandbox != 0 && i == 0 && threads[i].where == kPublish) {
        BellModel within = *this;
        within.may_enter_sandbox = 0;
        within.sandboxed = 1;
        within.threads[i].where = kRemove;
        then("a thread is about to enter a sandbox", within);
      }
    }
    if (collector != kAsleep && !(collector == kDrain && in_ring == 0 && all_gone())) {
      BellModel next = *this;
      const char* what = next.collect();
      then(what, next);
    }
  }

 private:
  bool is(BellFault known) const { return fault == static_cast<Byte>(known); }
  bool all_gone() const;
  const char* step(Byte index);
  const char* collect();
  void wake() {
    if (collector == kAsleep) collector = kDrain;
  }
};

}  // namespace sockwatch::model
