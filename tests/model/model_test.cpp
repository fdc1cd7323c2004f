// The models hold, and they find what each part of the protocols is there for.
#include <gmock/gmock.h>

#include <ostream>

#include "tests/model/bell_model.h"
#include "tests/model/journal_model.h"
#include "tests/model/lease_model.h"
#include "tests/model/mark_model.h"

namespace sockwatch::model {
namespace {

using testing::HasSubstr;

TEST(LeaseModel, PublishedIsStoredOnceAndNoSlotHasTwoOwners) {
  const Explored all = explore(LeaseModel::begin(LeaseFault::none));
  EXPECT_EQ(all.wrong, "") << all.told();
  EXPECT_GT(all.states, 10'000U);
  EXPECT_GT(all.ends, 100U);
  RecordProperty("states", std::to_string(all.states));
}

TEST(JournalModel, PublishedIsStoredOnceOrCounted) {
  const Explored all = explore(JournalModel::begin(JournalFault::none));
  EXPECT_EQ(all.wrong, "") << all.told();
  EXPECT_GT(all.states, 10'000U);
  EXPECT_GT(all.ends, 100U);
  RecordProperty("states", std::to_string(all.states));
}

TEST(BellModel, NobodySleepsOverAnEvent) {
  const Explored all = explore(BellModel::begin(BellFault::none));
  EXPECT_EQ(all.wrong, "") << all.told();
  EXPECT_GT(all.states, 500U);
  EXPECT_GT(all.ends, 10U);
  RecordProperty("states", std::to_string(all.states));
}

TEST(MarkModel, NobodySleepsWhileARingFills) {
  const Explored all = explore(MarkModel::begin(MarkFault::none));
  EXPECT_EQ(all.wrong, "") << all.told();
  EXPECT_GT(all.states, 1000U);
  EXPECT_GT(all.ends, 10U);
  RecordProperty("states", std::to_string(all.states));
}

template <typename Fault>
struct Known {
  Fault fault;
  const char* name;
  const char* found;
  friend std::ostream& operator<<(std::ostream& out, const Known& known) {
    return out << known.name;
  }
};
constexpr auto kName = [](const auto& info) { return info.param.name; };

class FaultyLease : public testing::TestWithParam<Known<LeaseFault>> {};
TEST_P(FaultyLease, IsFound) {
  const Explored all = explore(LeaseModel::begin(GetParam().fault));
  EXPECT_THAT(all.wrong, HasSubstr(GetParam().found)) << all.told();
}
INSTANTIATE_TEST_SUITE_P(
    Model, FaultyLease,
    testing::Values(
        Known<LeaseFault>{LeaseFault::freed_before_last_publish, "FreedBeforeLastPublish", ""},
        Known<LeaseFault>{LeaseFault::owner_left_in_freed_slot, "OwnerLeftInFreedSlot",
                          "two owners"},
        Known<LeaseFault>{LeaseFault::not_reconciled, "NotReconciled", "broken ring"},
        Known<LeaseFault>{LeaseFault::child_goes_on, "ChildGoesOn", "two owners"},
        Known<LeaseFault>{LeaseFault::published_before_written, "PublishedBeforeWritten", ""}),
    kName);

class FaultyBell : public testing::TestWithParam<Known<BellFault>> {};
TEST_P(FaultyBell, IsFound) {
  const Explored all = explore(BellModel::begin(GetParam().fault));
  EXPECT_THAT(all.wrong, HasSubstr(GetParam().found)) << all.told();
}
INSTANTIATE_TEST_SUITE_P(
    Model, FaultyBell,
    testing::Values(
        Known<BellFault>{BellFault::looked_before_arming, "LookedBeforeArming", "asleep"},
        Known<BellFault>{BellFault::silent_at_once, "SilentAtOnce", "asleep"},
        Known<BellFault>{BellFault::woken_before_changed, "WokenBeforeChanged", "asleep"},
        Known<BellFault>{BellFault::armed_alike, "ArmedAlike", "asleep"},
        Known<BellFault>{BellFault::waits_for_any_value, "WaitsForAnyValue", "asleep"},
        Known<BellFault>{BellFault::looked_before_publish, "LookedBeforePublish", "asleep"},
        Known<BellFault>{BellFault::removed_without_waking, "RemovedWithoutWaking", "asleep"}),
    kName);

class FaultyMark : public testing::TestWithParam<Known<MarkFault>> {};
TEST_P(FaultyMark, IsFound) {
  const Explored all = explore(MarkModel::begin(GetParam().fault));
  EXPECT_THAT(all.wrong, HasSubstr(GetParam().found)) << all.told();
}
INSTANTIATE_TEST_SUITE_P(
    Model, FaultyMark,
    testing::Values(
        Known<MarkFault>{MarkFault::no_mark_in_a_new_slot, "NoMarkInANewSlot", "asleep"},
        Known<MarkFault>{MarkFault::taken_away_first, "TakenAwayFirst", "asleep"},
        Known<MarkFault>{MarkFault::told_read_after_drain, "ToldReadAfterDrain", "asleep"},
        Known<MarkFault>{MarkFault::looked_before_publish, "LookedBeforePublish", "asleep"},
        Known<MarkFault>{MarkFault::removed_without_telling, "RemovedWithoutTelling", "asleep"},
        Known<MarkFault>{MarkFault::told_before_removed, "ToldBeforeRemoved", "asleep"}),
    kName);

class FaultyJournal : public testing::TestWithParam<Known<JournalFault>> {};
TEST_P(FaultyJournal, IsFound) {
  const Explored all = explore(JournalModel::begin(GetParam().fault));
  EXPECT_THAT(all.wrong, HasSubstr(GetParam().found)) << all.told();
}
INSTANTIATE_TEST_SUITE_P(
    Model, FaultyJournal,
    testing::Values(
        Known<JournalFault>{JournalFault::given_back_before_noted, "GivenBackBeforeNoted", "lost"},
        Known<JournalFault>{JournalFault::positions_before_rows, "PositionsBeforeRows",
                            "missing and not counted"},
        Known<JournalFault>{JournalFault::snapshot_before_rows, "SnapshotBeforeRows", "missing"},
        Known<JournalFault>{JournalFault::old_notes_removed_too_soon, "OldNotesRemovedTooSoon", ""},
        Known<JournalFault>{JournalFault::not_rolled_back, "NotRolledBack", "twice"},
        Known<JournalFault>{JournalFault::not_skipped, "NotSkipped", "twice"},
        Known<JournalFault>{JournalFault::gap_unseen, "GapUnseen", "missing and not counted"},
        Known<JournalFault>{JournalFault::stale_notes_stay, "StaleNotesStay", ""},
        Known<JournalFault>{JournalFault::notes_dropped_too_soon, "NotesDroppedTooSoon",
                            "missing and not counted"},
        Known<JournalFault>{JournalFault::gap_forgotten, "GapForgotten",
                            "missing and not counted"}),
    kName);

}  // namespace
}  // namespace sockwatch::model
