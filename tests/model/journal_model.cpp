#include "tests/model/journal_model.h"

#include <bit>

namespace sockwatch::model {
namespace {

using Byte = JournalModel::Byte;

// Events of sequence numbers `from` up to, not including, `to`.
Byte events(Byte from, Byte to) {
  return from >= to ? Byte{0} : static_cast<Byte>((1U << to) - (1U << from));
}

Byte behind_last(Byte mask) { return static_cast<Byte>(std::bit_width(mask)); }

}  // namespace

JournalModel JournalModel::begin(JournalFault fault) {
  JournalModel model;
  model.fault = static_cast<Byte>(fault);
  return model;
}

void JournalModel::record() {
  ++attempts;
  if (published - read < kCapacity) {
    ++published;
  } else {
    ++counted;
  }
}

bool JournalModel::done() const {
  return attempts == kEvents && position_of_pump == published && drained == 0 && batch == 0 &&
         gap == 0 && read == published;
}

void JournalModel::die() {
  --may_die;
  recorder = kDead;
  pump = kOff;
  noting = generation = from_notes = accepted = batch = half_committed = begun = drained = copied =
      contact = drained_gap = gap = 0;
  position_of_pump = 0;
}

void JournalModel::find_notes() {
  for (Byte g = 0; g < kGenerations; ++g) {
    if (has_snapshot[g] != 0 || has_journal[g] != 0) generation = g;
  }
  for (Byte g = 0; g < kGenerations; ++g) {
    if (has_snapshot[g] == 0) continue;
    from_notes = static_cast<Byte>(g + 1);
    accepted = snapshot_accepted[g];
  }
  if (from_notes == 0) accepted = position;
  has_trace = 1;
  recorder = from_notes != 0 ? kRollBack : kFirstCut;
}

// Rows added since the snapshot are made again.
void JournalModel::roll_back() {
  if (!has(JournalFault::not_rolled_back)) rows &= snapshot_rows[from_notes - 1];
  missing = snapshot_missing[from_notes - 1];
  recorder = kReplay;
}

void JournalModel::replay() {
  for (Byte g = static_cast<Byte>(from_notes - 1); g < kGenerations; ++g) {
    if (has_journal[g] == 0) continue;
    batch |= static_cast<Byte>(journal[g] & ~events(0, accepted));
  }
  const auto first = static_cast<Byte>(std::countr_zero(batch));
  if (batch != 0 && first > accepted && !has(JournalFault::gap_forgotten)) {
    gap = static_cast<Byte>(first - accepted);
  }
  accepted = std::max(accepted, behind_last(batch));
  recorder = kFirstCut;
}

void JournalModel::cut(bool room) {
  const bool first = recorder == kFirstCut;
  if (!first) --may_cut;
  if (!room) --may_run_out;
  batch |= drained;
  accepted = std::max(accepted, behind_last(drained));
  drained = 0;
  take_gap();
  noting = room ? Byte{1} : Byte{0};
  if (noting != 0) {
    ++generation;
    has_journal[generation] = 1;
    journal[generation] = 0;
  }
  // Rings of images that the notes know are opened now, all others once the first snapshot is
  // there.
  recorder = first && from_notes != 0 ? kAttach : kCut;
  if (!first && has(JournalFault::old_notes_removed_too_soon)) {
    for (Byte g = 0; g < generation; ++g) has_snapshot[g] = has_journal[g] = 0;
  }
}

void JournalModel::attach() {
  position_of_pump = read;
  pump = kIdle;
  recorder = begun != 0 ? kWork : kCut;
}

void JournalModel::work() { recorder = pump == kOff ? kAttach : kWork; }

void JournalModel::copy() {
  if (contact == 0 && position_of_pump > accepted) {
    drained_gap = static_cast<Byte>(position_of_pump - accepted);
  }
  contact = 1;
  copied = events(position_of_pump, published);
  if (!has(JournalFault::not_skipped)) copied &= static_cast<Byte>(~events(0, accepted));
  position_of_pump = published;
  pump = kCopied;
  if (has(JournalFault::given_back_before_noted)) read = position_of_pump;
}

void JournalModel::note() {
  if (noting != 0) journal[generation] |= copied;
  pump = kNoted;
}

void JournalModel::give_back() {
  read = position_of_pump;
  drained |= copied;
  copied = 0;
  pump = kIdle;
}

void JournalModel::take_gap() {
  gap = static_cast<Byte>(gap + drained_gap);
  drained_gap = 0;
}

void JournalModel::take(Recorder then) {
  batch |= drained;
  accepted = std::max(accepted, behind_last(drained));
  drained = 0;
  take_gap();
  recorder = then;
}

void JournalModel::commit(Recorder then) {
  if (has(JournalFault::positions_before_rows) && half_committed == 0) {
    position = accepted;
    half_committed = 1;
    return;
  }
  half_committed = 0;
  rows_twice |= static_cast<Byte>(rows & batch);
  rows |= batch;
  batch = 0;
  missing = static_cast<Byte>(missing + gap);
  gap = 0;
  position = accepted;
  begun = 1;
  recorder = then;
}

void JournalModel::commit_after_cut() {
  if (has(JournalFault::snapshot_before_rows) && noting != 0 && half_committed == 0) {
    has_snapshot[generation] = 1;
    snapshot_accepted[generation] = accepted;
    snapshot_rows[generation] = static_cast<Byte>(rows | batch);
    snapshot_missing[generation] = missing;
    half_committed = 1;
    return;
  }
  if (has(JournalFault::snapshot_before_rows)) half_committed = 0;
  const bool leave = has(JournalFault::stale_notes_stay);
  commit(noting != 0 ? kCommitted : leave ? kWork : kGiveUp);
  if (recorder == kWork) work();
}

void JournalModel::keep() {
  if (noting == 0) return work();  // given up since
  has_snapshot[generation] = 1;
  snapshot_accepted[generation] = accepted;
  snapshot_rows[generation] = rows;
  snapshot_missing[generation] = missing;
  recorder = kTrimSnapshots;
}

void JournalModel::run_out() {
  --may_run_out;
  noting = 0;
  recorder = kGiveUp;
}

void JournalModel::run_out_of_room_for_records() {
  --may_run_out;
  noting = 0;
  // What was rolled back in the trace is in the notes alone until the first commit.
  const bool needed = from_notes != 0 && begun == 0 && !has(JournalFault::notes_dropped_too_soon);
  pump = needed ? kNoted : kNoRoom;
}

void JournalModel::trim_snapshots(Recorder then) {
  for (Byte g = 0; g < generation; ++g) {
    has_snapshot[g] = snapshot_accepted[g] = snapshot_rows[g] = snapshot_missing[g] = 0;
  }
  recorder = then;
}

void JournalModel::trim_journals() {
  for (Byte g = 0; g < generation; ++g) has_journal[g] = journal[g] = 0;
  work();
}

void JournalModel::remove_snapshots() {
  has_snapshot = snapshot_accepted = snapshot_rows = snapshot_missing = {};
  if (pump == kNoRoom) {
    pump = kNoRoomForJournals;
  } else {
    recorder = kGiveUpJournals;
  }
}

void JournalModel::remove_journals() {
  has_journal = journal = {};
  if (pump == kNoRoomForJournals) {
    pump = kNoted;
  } else {
    work();
  }
}

void JournalModel::finish() {
  recorder = kFinished;
  // Nothing came behind what another collector had taken out last.
  if (contact == 0 && published > accepted && !has(JournalFault::gap_unseen)) {
    missing = static_cast<Byte>(missing + published - accepted);
  }
  has_snapshot = snapshot_accepted = snapshot_rows = snapshot_missing = {};
  has_journal = journal = {};
}

const char* JournalModel::wrong() const {
  return rows_twice != 0 ? "an event is stored twice" : nullptr;
}

// Published and not counted as lost: stored. Without a kill nothing is counted.
const char* JournalModel::wrong_at_the_end() const {
  if (recorder != kFinished) return "the collector cannot go on";
  const int stored = std::popcount(rows);
  if (stored + missing < published) return "a published event is missing and not counted";
  if (stored + missing > published) return "more is counted than was lost";
  if (missing != 0 && may_run_out != 0)
    return "something is lost although there was room for notes";
  return nullptr;
}

}  // namespace sockwatch::model
