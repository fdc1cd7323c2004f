// A collector that is told when a ring gets full, and the threads that have its slot one after the
// other: the steps of tell() and remove() in shim/bell.cpp, and of the pump. Nobody looks by itself
// after a time.
#pragma once

#include <cstdint>

#include "tests/model/explore.h"

namespace sockwatch::model {

enum class MarkFault : std::uint8_t {
  none,
  no_mark_in_a_new_slot,
  taken_away_first,         // the mark, and then the collector is told
  told_read_after_drain,    // by the collector
  looked_before_publish,    // at the mark
  removed_without_telling,  // a sandbox is entered
  told_before_removed,
};

struct MarkModel {
  using Byte = std::uint8_t;
  static constexpr Byte kQuarter = 2;
  static constexpr Byte kNever = 255;

  enum Owner : Byte { kPublish, kLook, kTell, kWake, kTakeAway, kGone };
  enum Sandbox : Byte { kOutside, kRemoveBell, kTellAll, kWakeAll, kRemoveMarks, kInside };
  enum Collector : Byte { kReadTold, kDrain, kAskBell, kSetMark, kWait, kAsleep };

  Byte fault = 0;
  Byte bell = 1;
  Byte told = 1;
  Byte mark = 1;
  Byte published = 0;
  Byte owner = kPublish;
  Byte saw_mark = 0;
  Byte events = 7;  // still to come
  Byte may_vanish = 1;
  Byte sandbox = kOutside;
  Byte may_enter_sandbox = 1;
  Byte collector = kReadTold;
  Byte taken = 0;
  Byte unheard = 0;  // published beyond the mark since it was set
  Byte saw_told = 0;
  Byte saw_bell = 0;

  static MarkModel begin(MarkFault fault);

  const char* wrong() const { return nullptr; }
  const char* wrong_at_the_end() const;

  template <typename Then>
  void steps(Then&& then) const {
    const auto branch = [&](const char* what, auto&& change) {
      MarkModel next = *this;
      change(next);
      then(what, next);
    };
    if (owner != kGone) {
      MarkModel next = *this;
      const char* what = next.own();
      then(what, next);
      if (may_vanish != 0) {
        branch("the thread vanishes, another has its slot", [](MarkModel& m) {
          m.may_vanish = 0;
          m.owner = kPublish;
        });
      }
    }
    if (may_enter_sandbox != 0 && owner != kGone) {
      branch("another thread is about to enter a sandbox", [](MarkModel& m) {
        m.may_enter_sandbox = 0;
        m.sandbox = m.is(MarkFault::told_before_removed) ? kTellAll : kRemoveBell;
      });
    }
    if (sandbox != kOutside && sandbox != kInside) {
      MarkModel next = *this;
      const char* what = next.enter();
      then(what, next);
    }
    const bool over = owner == kGone && (sandbox == kOutside || sandbox == kInside);
    if (collector != kAsleep && !(collector == kReadTold && taken == published && over)) {
      MarkModel next = *this;
      const char* what = next.collect();
      then(what, next);
    }
  }

 private:
  bool is(MarkFault known) const { return fault == static_cast<Byte>(known); }
  const char* own();
  const char* enter();
  const char* collect();
  void publish() {
    ++published;
    if (published - taken >= (taken > 0 ? kQuarter : 1)) ++unheard;
  }
  void wake() {
    if (collector == kAsleep) collector = kReadTold;
  }
};

}  // namespace sockwatch::model
