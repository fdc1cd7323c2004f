#include "collector/drain/logbook.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <set>
#include <vector>

#include "collector/drain/clock.h"
#include "tests/unit/drain/producer.h"
#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogbookTest : public testing::Test {
 protected:
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(directory_.path())) {
      names.insert(file.path().filename().string());
    }
    return names;
  }
  std::vector<std::string> replayed(Logbook& logbook, const Logbook::Left& left) {
    std::vector<std::string> found;
    whole_ = logbook.replay(left, [&](RecordKind, std::string_view bytes) {
      found.emplace_back(bytes);
      return true;
    });
    return found;
  }

  TemporaryDirectory directory_;
  UniqueFd fd_{::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY)};
  bool whole_ = false;
};

TEST_F(LogbookTest, NothingIsLeftInAnEmptyDirectory) {
  Logbook logbook(fd_.get());
  const auto left = logbook.find_left();
  ASSERT_TRUE(left);
  EXPECT_FALSE(left->has_value());
  logbook.note(RecordKind::begin, "before anything is begun");
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(LogbookTest, TheNextOneFindsTheSnapshotAndWhatCameAfter) {
  {
    Logbook logbook(fd_.get());
    ASSERT_TRUE(logbook.cut(0));
    logbook.keep("zero");
    logbook.note(RecordKind::begin, "a");
    ASSERT_TRUE(logbook.cut(0));
    logbook.note(RecordKind::begin, "b");  // while the snapshot is being made
    logbook.keep("one");
    logbook.note(RecordKind::begin, "c");
  }
  EXPECT_THAT(files(), ElementsAre("journal.2", "journal.spare", "snapshot.2"));
  Logbook next(fd_.get());
  const auto left = next.find_left();
  ASSERT_TRUE(left && left->has_value());
  EXPECT_EQ((*left)->snapshot, "one");
  EXPECT_THAT(replayed(next, **left), ElementsAre("b", "c"));
  EXPECT_TRUE(whole_);
  EXPECT_EQ(next.attempts(), 1u);
  next.remove_all();
  EXPECT_THAT(files(), IsEmpty());
}

// Its memory is written over by the next one, also where a flood made it longer than it had to be.
TEST_F(LogbookTest, LongJournalIsKeptForTheNextOne) {
  constexpr std::uint64_t kWorth = 10'000;
  for (const std::uint64_t length : {kWorth, 3 * kWorth, 5 * kWorth}) {
    Logbook logbook(fd_.get(), kWorth);
    ASSERT_TRUE(logbook.cut(0));
    logbook.keep("zero");
    logbook.note(RecordKind::begin, std::string(length, 'a'));
    ASSERT_TRUE(logbook.cut(0));
    logbook.keep("one");
    const bool kept = length < 5 * kWorth;
    EXPECT_EQ(std::ranges::count(files(), "journal.spare"), kept ? 1 : 0) << length;
    logbook.remove_all();
  }
}

TEST_F(LogbookTest, DeathBetweenCutAndSnapshotLosesNothing) {
  {
    Logbook logbook(fd_.get());
    ASSERT_TRUE(logbook.cut(0));
    logbook.keep("zero");
    logbook.note(RecordKind::begin, "a");
    ASSERT_TRUE(logbook.cut(0));
    logbook.note(RecordKind::begin, "b");
  }
  for (std::uint64_t attempt = 1; attempt <= 3; ++attempt) {  // each dies while it takes over
    Logbook next(fd_.get());
    const auto left = next.find_left();
    ASSERT_TRUE(left && left->has_value());
    EXPECT_EQ((*left)->snapshot, "zero");
    EXPECT_THAT(replayed(next, **left), ElementsAre("a", "b"));
    EXPECT_TRUE(whole_);
    EXPECT_EQ(next.attempts(), attempt);
    ASSERT_TRUE(next.cut(0));
  }
}

TEST_F(LogbookTest, OneThatKillsEveryCollectorIsGivenUp) {
  {
    Logbook logbook(fd_.get());
    ASSERT_TRUE(logbook.cut(0));
    logbook.keep("zero");
    logbook.note(RecordKind::begin, "poison");
  }
  for (std::uint64_t attempt = 0; attempt < Logbook::kMostAttempts; ++attempt) {
    Logbook next(fd_.get());
    const auto left = next.find_left();
    EXPECT_THAT(replayed(next, **left), ElementsAre("poison"));
  }
  Logbook last(fd_.get());
  const auto left = last.find_left();
  EXPECT_THAT(replayed(last, **left), IsEmpty());
  EXPECT_FALSE(whole_);
}

TEST_F(LogbookTest, ADamagedSnapshotIsAnError) {
  {
    Logbook logbook(fd_.get());
    ASSERT_TRUE(logbook.cut(0));
    logbook.keep("zero");
  }
  std::filesystem::resize_file(directory_ / "snapshot.1", 40);
  EXPECT_FALSE(Logbook(fd_.get()).find_left());
  std::filesystem::resize_file(directory_ / "snapshot.1", 0);
  EXPECT_FALSE(Logbook(fd_.get()).find_left());
}

TEST_F(LogbookTest, WithoutRoomItStepsAsideAndComesBack) {
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  Logbook logbook(fd_.get());
  ASSERT_TRUE(logbook.cut(0));
  logbook.keep("zero");
  rlimit tight = before;
  tight.rlim_cur = 2000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 100; ++i) logbook.note(RecordKind::begin, std::string(100, 'x'));
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
  EXPECT_THAT(files(), IsEmpty()) << "half of the notes would be worse than none";
  EXPECT_FALSE(logbook.due(monotonic_ns()));
  EXPECT_TRUE(logbook.due(monotonic_ns() + 2 * kNsPerSecond));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_TRUE(logbook.cut(monotonic_ns()));
  logbook.keep("one");
  logbook.note(RecordKind::begin, "after");
  Logbook next(fd_.get());
  const auto left = next.find_left();
  ASSERT_TRUE(left && left->has_value());
  EXPECT_EQ((*left)->snapshot, "one");
  EXPECT_THAT(replayed(next, **left), ElementsAre("after"));
}

// However long a snapshot was, the next one is due before the journal is too long for more.
TEST_F(LogbookTest, ALongJournalTakesNoMoreEventsBeforeTheNextCut) {
  constexpr std::uint64_t kMost = 20'000;
  Logbook logbook(fd_.get(), 1000, false, kMost);
  ASSERT_TRUE(logbook.cut(0));
  logbook.keep(std::string(2 * kMost, 's'));
  const std::vector<wire::Event> events(100);
  const Logbook::Slots slots[] = {{0, events}};
  for (std::size_t noted = 0; noted < kMost; noted += events.size() * sizeof(wire::Event)) {
    EXPECT_FALSE(logbook.is_long());
    logbook.events(9, 1234, slots);
  }
  EXPECT_TRUE(logbook.is_long());
  EXPECT_TRUE(logbook.due(0));
  ASSERT_TRUE(logbook.cut(0));
  EXPECT_FALSE(logbook.is_long());
}

TEST_F(LogbookTest, EventsComeApartAsTheyWere) {
  Logbook logbook(fd_.get());
  ASSERT_TRUE(logbook.cut(0));
  logbook.keep("zero");
  std::vector<wire::Event> first(3);
  std::vector<wire::Event> second(2);
  first[2].sequence = 77;
  second[1].t_ns = 5;
  const Logbook::Slots slots[] = {{0, first}, {127, second}};
  logbook.events(9, 1234, slots);
  const auto left = logbook.find_left();
  const auto records = replayed(logbook, **left);
  ASSERT_EQ(records.size(), 1u);
  NotedEvents noted;
  ASSERT_TRUE(parse_events(records[0], noted));
  EXPECT_EQ(noted.image, 9);
  EXPECT_EQ(noted.watermark_ns, 1234);
  ASSERT_EQ(noted.rings.size(), 2u);
  EXPECT_EQ(noted.rings[0].events[2].sequence, 77u);
  EXPECT_EQ(noted.rings[1].ring, 127u);
  EXPECT_EQ(noted.rings[1].events[1].t_ns, 5u);
  for (std::size_t length = 0; length < records[0].size(); ++length) {
    EXPECT_FALSE(parse_events(records[0].substr(0, length), noted)) << length;
  }
}

TEST_F(LogbookTest, ForgedEventsAreRefused) {
  Logbook logbook(fd_.get());
  ASSERT_TRUE(logbook.cut(0));
  logbook.keep("zero");
  const std::vector<wire::Event> events(1);
  const Logbook::Slots slots[] = {{3, events}};
  logbook.events(9, 1234, slots);
  const auto left = logbook.find_left();
  const std::string good = replayed(logbook, **left).at(0);
  NotedEvents noted;
  for (const std::size_t at : {16, 24, 28}) {  // how many rings, which, how many events
    for (std::size_t byte = 0; byte < 4; ++byte) {
      std::string forged = good;
      forged[at + byte] = static_cast<char>(0xff);
      EXPECT_FALSE(parse_events(forged, noted)) << at;
    }
  }
}

}  // namespace
}  // namespace sockwatch::drain
