// One ring, the collector that drains it, and what it leaves for the next one: journal, snapshot,
// rows and positions. It may be killed at every step, also while it takes over, and the notes may
// run out of room. Steps are those calls of collector/drain that leave a trace behind; between two
// of them a kill changes nothing. The pump and the recorder are two threads.
//
// Events are bits of a mask, by sequence number.
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/explore.h"

namespace sockwatch::model {

enum class JournalFault : std::uint8_t {
  none,
  given_back_before_noted,     // the ring's room, then the journal
  positions_before_rows,       // in two transactions
  snapshot_before_rows,        // the snapshot, then the commit of what it knows
  old_notes_removed_too_soon,  // before the new snapshot is in its place
  not_rolled_back,             // the next collector keeps rows it makes again
  not_skipped,                 // what the journal has is taken out of the ring once more
  gap_unseen,                  // a gap is only found by an event behind it
  stale_notes_stay,            // where the next collector cannot write any
  notes_dropped_too_soon,      // before what was taken over from them is stored
  gap_forgotten,  // a gap found before the newest snapshot's journals is not found again
};

struct JournalModel {
  using Byte = std::uint8_t;
  static constexpr Byte kEvents = 4;
  static constexpr Byte kCapacity = 2;
  static constexpr Byte kGenerations = 5;

  enum Recorder : Byte {
    kDead,
    kFindNotes,
    kRollBack,
    kReplay,
    kFirstCut,
    kAttach,
    kWork,       // take what was drained; from here also: commit, cut, finish
    kTaken,      // to be committed
    kCut,        // the journal is turned, to be committed
    kCommitted,  // the snapshot comes next
    kTrimSnapshots,
    kTrimJournals,
    kGiveUp,  // the notes cannot be written: their snapshots go, then the journals
    kGiveUpJournals,
    kFinished,
  };
  enum Pump : Byte { kOff, kIdle, kCopied, kNoRoom, kNoRoomForJournals, kNoted };

  Byte fault = 0;
  // The target.
  Byte attempts = 0;
  Byte published = 0;  // how many
  Byte counted = 0;    // ring_full
  Byte read = 0;       // what the ring has given back
  // What outlives a collector.
  Byte has_trace = 0;
  Byte rows = 0;
  Byte rows_twice = 0;
  Byte position = 0;
  Byte missing = 0;  // counted: collector_restart
  std::array<Byte, kGenerations> has_snapshot{};
  std::array<Byte, kGenerations> snapshot_accepted{};
  std::array<Byte, kGenerations> snapshot_rows{};
  std::array<Byte, kGenerations> snapshot_missing{};
  std::array<Byte, kGenerations> has_journal{};
  std::array<Byte, kGenerations> journal{};
  // What dies with it.
  Byte recorder = kFindNotes;
  Byte pump = kOff;
  Byte noting = 0;  // 0: without notes
  Byte generation = 0;
  Byte from_notes = 0;  // it took over from notes, not from positions
  Byte accepted = 0;
  Byte batch = 0;
  Byte half_committed = 0;
  Byte begun = 0;        // the first commit is made
  Byte contact = 0;      // an event was found in the ring
  Byte drained_gap = 0;  // found before it
  Byte gap = 0;          // to be committed
  Byte drained = 0;      // copied, waits for the recorder
  Byte copied = 0;       // of this round
  Byte position_of_pump = 0;
  // How much may go wrong.
  Byte may_die = 2;
  Byte may_run_out = 1;
  Byte may_cut = 1;

  static JournalModel begin(JournalFault fault);

  const char* wrong() const;
  const char* wrong_at_the_end() const;

  template <typename Then>
  void steps(Then&& then) const {
    const auto branch = [&](const char* what, auto&& change) {
      JournalModel next = *this;
      change(next);
      then(what, next);
    };
    if (attempts < kEvents) {
      branch("an event is recorded", [](JournalModel& m) { m.record(); });
    }
    if (recorder == kDead) {
      branch("another collector starts", [](JournalModel& m) { m.recorder = kFindNotes; });
      return;
    }
    if (may_die != 0 && recorder != kFinished) {
      branch("the collector is killed", [](JournalModel& m) { m.die(); });
    }
    step_recorder(branch);
    step_pump(branch);
  }

 private:
  template <typename Branch>
  void step_recorder(const Branch& branch) const {
    switch (recorder) {
      case kFindNotes:
        branch("it looks for notes", [](JournalModel& m) { m.find_notes(); });
        break;
      case kRollBack:
        branch("it rolls the trace back", [](JournalModel& m) { m.roll_back(); });
        break;
      case kReplay:
        branch("it reads the journals", [](JournalModel& m) { m.replay(); });
        break;
      case kFirstCut:
      case kWork:
        if (recorder == kWork) {
          if (pump == kIdle && drained != 0) {
            branch("it takes what was drained", [](JournalModel& m) { m.take(kTaken); });
          }
          if (pump == kIdle && done()) {
            branch("it finishes", [](JournalModel& m) { m.finish(); });
          }
        }
        if (recorder == kFirstCut || (pump == kIdle && may_cut != 0)) {
          branch("it turns to a new journal", [](JournalModel& m) { m.cut(true); });
        }
        if (recorder == kFirstCut && may_run_out != 0) {
          branch("no room for a journal", [](JournalModel& m) { m.cut(false); });
        }
        break;
      case kAttach:
        branch("it opens the ring", [](JournalModel& m) { m.attach(); });
        break;
      case kTaken:
        branch("it commits rows and positions", [](JournalModel& m) { m.commit(kWork); });
        break;
      case kCut:
        branch("it commits rows and positions", [](JournalModel& m) { m.commit_after_cut(); });
        break;
      case kCommitted:
        branch("the snapshot is in its place", [](JournalModel& m) { m.keep(); });
        if (may_run_out != 0) {
          branch("no room for the snapshot", [](JournalModel& m) { m.run_out(); });
        }
        break;
      case kTrimSnapshots:
        branch("older snapshots go", [](JournalModel& m) { m.trim_snapshots(kTrimJournals); });
        break;
      case kTrimJournals:
        branch("older journals go", [](JournalModel& m) { m.trim_journals(); });
        break;
      case kGiveUp:
        branch("all snapshots go", [](JournalModel& m) { m.remove_snapshots(); });
        break;
      case kGiveUpJournals:
        branch("all journals go", [](JournalModel& m) { m.remove_journals(); });
        break;
      default:
        break;
    }
  }

  template <typename Branch>
  void step_pump(const Branch& branch) const {
    const bool gives_up = recorder == kGiveUp || recorder == kGiveUpJournals;
    if (gives_up) return;  // it holds the logbook's lock
    if (pump == kIdle && position_of_pump < published) {
      branch("the pump copies", [](JournalModel& m) { m.copy(); });
    } else if (pump == kCopied) {
      branch("the pump notes", [](JournalModel& m) { m.note(); });
      if (noting != 0 && may_run_out != 0) {
        branch("no room for a record", [](JournalModel& m) { m.run_out_of_room_for_records(); });
      }
    } else if (pump == kNoRoom) {
      branch("the pump removes all snapshots", [](JournalModel& m) { m.remove_snapshots(); });
    } else if (pump == kNoRoomForJournals) {
      branch("the pump removes all journals", [](JournalModel& m) { m.remove_journals(); });
    } else if (pump == kNoted) {
      branch("the pump gives the room back", [](JournalModel& m) { m.give_back(); });
    }
  }

  bool done() const;
  bool has(JournalFault what) const { return fault == static_cast<Byte>(what); }
  void record();
  void die();
  void find_notes();
  void roll_back();
  void replay();
  void cut(bool room);
  void attach();
  void work();
  void take_gap();
  void take(Recorder then);
  void commit(Recorder then);
  void commit_after_cut();
  void keep();
  void run_out();
  void run_out_of_room_for_records();
  void trim_snapshots(Recorder then);
  void trim_journals();
  void remove_snapshots();
  void remove_journals();
  void finish();
  void copy();
  void note();
  void give_back();
};

}  // namespace sockwatch::model
