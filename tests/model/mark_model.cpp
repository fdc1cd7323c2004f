#include "tests/model/mark_model.h"

namespace sockwatch::model {

MarkModel MarkModel::begin(MarkFault fault) {
  MarkModel model;
  model.fault = static_cast<Byte>(fault);
  if (model.is(MarkFault::no_mark_in_a_new_slot)) model.mark = kNever;
  return model;
}

// One step of the thread that has the slot.
const char* MarkModel::own() {
  const bool looks_first = is(MarkFault::looked_before_publish);
  const bool takes_first = is(MarkFault::taken_away_first);
  switch (owner) {
    case kPublish:
      if (events == 0) {
        owner = kGone;
        return "the last thread ends";
      }
      --events;
      if (looks_first) {
        saw_mark = mark;
      } else {
        publish();
      }
      owner = kLook;
      return "an event is published";
    case kLook:
      if (looks_first) {
        publish();
      } else {
        saw_mark = mark;
      }
      owner = published < saw_mark ? kPublish : takes_first ? kTakeAway : kTell;
      return "is the mark reached?";
    case kTell:
      if (sandbox != kOutside) {  // who enters it does
        owner = kPublish;
        return "it may not tell";
      }
      ++told;
      owner = kWake;
      return "it changes the word";
    case kWake:
      wake();
      owner = takes_first ? kPublish : kTakeAway;
      return "it wakes the collector";
    case kTakeAway:
      if (mark == saw_mark) {
        const bool half_full = published - taken >= 2 * kQuarter;
        mark = half_full ? kNever : static_cast<Byte>(saw_mark + kQuarter);
      }
      owner = takes_first ? kTell : kPublish;
      return "it moves the mark up, or takes it away";
    default:
      return "";
  }
}

// One step into the sandbox.
const char* MarkModel::enter() {
  const bool tells_first = is(MarkFault::told_before_removed);
  switch (sandbox) {
    case kRemoveBell:
      bell = 0;
      sandbox = tells_first || is(MarkFault::removed_without_telling) ? kRemoveMarks : kTellAll;
      return "the bell is removed";
    case kTellAll:
      ++told;
      sandbox = kWakeAll;
      return "the word is changed for the last time";
    case kWakeAll:
      wake();
      sandbox = tells_first ? kRemoveBell : kRemoveMarks;
      return "the collector is woken for the last time";
    case kRemoveMarks:
      mark = kNever;
      sandbox = kInside;
      return "the marks are removed";
    default:
      return "";
  }
}

// One step of the pump. Without a bell it goes on looking for ever.
const char* MarkModel::collect() {
  const bool reads_late = is(MarkFault::told_read_after_drain);
  switch (collector) {
    case kReadTold:
      if (!reads_late) saw_told = told;
      collector = kDrain;
      return "the collector reads the word";
    case kDrain:
      taken = published;
      unheard = 0;
      collector = kAskBell;
      return "the collector drains";
    case kAskBell:
      saw_bell = bell;
      if (reads_late) saw_told = told;
      collector = kSetMark;
      return "the collector looks for the bell";
    case kSetMark:
      collector = saw_bell != 0 ? kWait : kReadTold;
      if (saw_bell == 0) {
        mark = kNever;
      } else if (taken > 0) {  // it knows of a slot when there was something in it
        mark = static_cast<Byte>(taken + kQuarter);
        unheard = 0;
      }
      return "the collector sets the mark";
    case kWait:
      collector = told == saw_told ? kAsleep : kReadTold;
      return "the collector goes to sleep";
    default:
      return "";
  }
}

// What a thread left that vanished before it told, the next one's event would have told.
const char* MarkModel::wrong_at_the_end() const {
  const Byte left = may_vanish != 0 ? 0 : 1;
  return collector == kAsleep && unheard > left ? "asleep, and the ring is filling" : nullptr;
}

}  // namespace sockwatch::model
