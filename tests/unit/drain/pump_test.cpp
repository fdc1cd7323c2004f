#include "collector/drain/pump.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <functional>
#include <thread>

#include "collector/drain/clock.h"
#include "collector/drain/unique_fd.h"
#include "tests/unit/drain/producer.h"
#include "tests/unit/drain/temporary_directory.h"

namespace sockwatch::drain {
namespace {

class PumpTest : public testing::Test {
 protected:
  SegmentReader reader() {
    const UniqueFd fd(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY));
    auto file = SegmentFile::open(fd.get(), producer_.name());
    if (!file || !file->has_value()) throw std::runtime_error("segment");
    return SegmentReader(*std::move(*file));
  }
  bool publish(std::size_t slot = 0) {
    return producer_.publish(slot, EventBuilder(wire::Op::close, 3, monotonic_ns()).slots());
  }

  TemporaryDirectory directory_;
  Producer producer_{directory_.path()};
};

TEST(PumpPause, FollowsTheRate) {
  constexpr std::int64_t kMost = Pump::kLongestPauseNs;
  EXPECT_EQ(Pump::pause_ns(0, kNsPerMs, kMost), kMost);
  EXPECT_EQ(Pump::pause_ns(10, 3 * kNsPerMs, kMost), kMost);
  EXPECT_EQ(Pump::pause_ns(3000, 3 * kNsPerMs, kMost), 3 * kNsPerMs * 1023 / 3000);  // 1 M/s
  EXPECT_EQ(Pump::pause_ns(4095, kNsPerMs, kMost), kNsPerMs);
  // Where somebody tells should it be too long: until an eighth is full, at 100,000/s.
  EXPECT_EQ(Pump::pause_ns(300, 3 * kNsPerMs, 20 * kNsPerMs), 3 * kNsPerMs * 1023 / 300 / 2);
  EXPECT_EQ(Pump::pause_ns(10, 3 * kNsPerMs, 20 * kNsPerMs), 20 * kNsPerMs);
  EXPECT_EQ(Pump::pause_ns(0, kNsPerMs, 20 * kNsPerMs), 20 * kNsPerMs);
  EXPECT_EQ(Pump::pause_ns(900, 3 * kNsPerMs, 20 * kNsPerMs), kMost) << "as without";
  // At any rate a ring can be filled with between two rounds at 1 M/s, it is not full at the next.
  for (std::size_t slots = 1; slots <= 3000; ++slots) {
    const std::int64_t pause = Pump::pause_ns(slots, 3 * kNsPerMs, kMost);
    EXPECT_LT(static_cast<std::int64_t>(slots) * pause / (3 * kNsPerMs), 4095);
  }
}

TEST_F(PumpTest, TakesAllAndGivesTotals) {
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  std::size_t got = 0;
  producer_.header().lost[1] = 5;
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(publish(static_cast<std::size_t>(i % 3)));
    if (i % 10 == 0) got += pump.take(intake).slots;
  }
  const Harvest last = pump.finish(intake);
  EXPECT_EQ(got + last.slots, 50u);
  EXPECT_EQ(last.lost_outside[1], 5u);
}

// How many a full ring refuses is a matter of the machine; that every other one arrives is not.
TEST_F(PumpTest, EveryPublishedEventOfAFastThreadArrives) {
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  // 200 thousand events a second for a second, in bursts of 200.
  constexpr int kBursts = 1000, kBurst = 200;
  int refused = 0;
  std::thread producer([&] {
    const auto slots = EventBuilder(wire::Op::close, 3, 1).slots();
    for (int burst = 0; burst < kBursts; ++burst) {
      for (int i = 0; i < kBurst; ++i) refused += producer_.publish(0, slots) ? 0 : 1;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  std::size_t got = 0;
  producer.join();
  got += pump.take(intake).slots;
  got += pump.finish(intake).slots;
  EXPECT_EQ(got + static_cast<std::size_t>(refused), std::size_t{kBursts} * kBurst);
}

TEST_F(PumpTest, WhatWaitsForTheDiskIsBounded) {
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  const auto slots = EventBuilder(wire::Op::close, 3, 1).slots();
  std::size_t published = 0;
  std::int64_t last_room_ns = monotonic_ns();
  while (monotonic_ns() - last_room_ns < 2 * kNsPerSecond) {  // nobody takes
    const std::size_t before = published;
    while (producer_.publish(0, slots)) ++published;
    if (published != before) last_room_ns = monotonic_ns();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_GE(published, Pump::kMaxWaitingSlots);
  EXPECT_LT(published, Pump::kMaxWaitingSlots + 3 * wire::kRingCapacity);
  EXPECT_GT(producer_.slot(0).lost.load(), 0u);
  std::size_t got = pump.take(intake).slots;
  got += pump.finish(intake).slots;
  EXPECT_EQ(got, published);
}

TEST_F(PumpTest, LastPublicationOfAKilledProducerIsFound) {
  SegmentReader direct = reader();
  ASSERT_TRUE(publish());
  Harvest harvest;
  direct.drain(harvest, false);
  ASSERT_TRUE(publish());
  producer_.slot(0).published.fetch_sub(1);  // killed between publishing and saying so
  direct.drain(harvest, false);
  EXPECT_EQ(harvest.slots, 1u);
  direct.drain(harvest, true);
  EXPECT_EQ(harvest.slots, 2u);
}

TEST_F(PumpTest, AnnouncedEventHoldsTheWatermarkBack) {
  SegmentReader direct = reader();
  ASSERT_TRUE(publish());
  Harvest harvest;
  direct.drain(harvest, false);
  const std::int64_t now = monotonic_ns();
  EXPECT_GT(harvest.watermark_ns, now - kNsPerSecond);
  EXPECT_LT(harvest.watermark_ns, now);
  const auto announced = static_cast<std::uint64_t>(now - kNsPerMs / 4);
  producer_.slot(0).recording_since_ns = announced;
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  direct.drain(harvest, false);
  EXPECT_EQ(harvest.watermark_ns, now - kNsPerMs / 4 - 1);
  producer_.slot(0).recording_since_ns = ~std::uint64_t{0};
  direct.drain(harvest, false);
  EXPECT_GT(harvest.watermark_ns, now);
}

// A thread that is just reading its clock has announced no time yet, and what it will tell is later
// than what was known to be out before.
TEST_F(PumpTest, WhatWasKnownToBeOutStaysKnown) {
  SegmentReader direct = reader();
  ASSERT_TRUE(publish());
  Harvest harvest;
  direct.drain(harvest, false);
  const std::int64_t known_ns = harvest.watermark_ns;
  producer_.slot(0).recording_since_ns = 1;
  ASSERT_TRUE(publish());
  direct.drain(harvest, false);
  EXPECT_EQ(harvest.watermark_ns, known_ns);
}

TEST_F(PumpTest, AQuietSegmentIsKnownAtAGlance) {
  SegmentReader direct = reader();
  Harvest harvest;
  const auto nothing_new = [&] { return direct.nothing_new(harvest, monotonic_ns()); };
  EXPECT_FALSE(nothing_new()) << "before the first round nothing is known";
  ASSERT_TRUE(publish());
  direct.drain(harvest, false);
  const std::int64_t before = monotonic_ns() - kNsPerMs;
  EXPECT_TRUE(nothing_new());
  EXPECT_GT(harvest.watermark_ns, before);

  ASSERT_TRUE(publish());
  EXPECT_FALSE(nothing_new()) << "published";
  direct.drain(harvest, false);
  EXPECT_TRUE(nothing_new());

  producer_.slot(0).recording_since_ns = 1000;
  EXPECT_FALSE(nothing_new()) << "about to be published";
  producer_.slot(0).recording_since_ns = 0;

  ASSERT_TRUE(publish(1));
  EXPECT_FALSE(nothing_new()) << "another thread";
  direct.drain(harvest, false);
  EXPECT_TRUE(nothing_new());
  EXPECT_EQ(harvest.slots, 3u);
}

// As a pump sees it: only what is quiet for long is left alone, and losses are still read.
TEST_F(PumpTest, AfterALongSilenceEverythingArrives) {
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  ASSERT_TRUE(publish());
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_EQ(pump.take(intake).slots, 1u);
  ASSERT_TRUE(publish());
  ASSERT_TRUE(publish(9));  // a slot out of turn
  producer_.header().lost[2] = 7;
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_TRUE(pump.has_news(intake));
  const Harvest harvest = pump.take(intake);
  EXPECT_EQ(harvest.slots, 2u);
  EXPECT_EQ(harvest.lost_outside[2], 7u);
}

TEST_F(PumpTest, SaysWhenThereIsEnoughToBeTaken) {
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  for (std::size_t round = 1; round <= 2; ++round) {
    for (std::size_t i = 0; i < Pump::kWorthTaking; ++i) ASSERT_TRUE(publish(i % 2));
    pollfd stirred{pump.stirred_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&stirred, 1, 10'000), 1);
    pump.hush();
    std::size_t got = 0;
    while (got < Pump::kWorthTaking) got += pump.take(intake).slots;
    EXPECT_EQ(got, Pump::kWorthTaking);
  }
}

// The library's half of falling asleep and being woken.
class SleepingPumpTest : public PumpTest {
 protected:
  SleepingPumpTest() { producer_.header().bell = wire::kSilent; }
  std::atomic<std::uint32_t>& bell() { return producer_.header().bell; }
  static bool eventually(const std::function<bool()>& is_so) {
    for (int i = 0; i < 2000 && !is_so(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return is_so();
  }
  static void ring(std::atomic<std::uint32_t>& bell) {
    std::uint32_t seen = bell;
    if (seen < wire::kFirstArmed) return;
    std::uint32_t rung = seen | 1U;
    bell.compare_exchange_strong(seen, rung);
    ::syscall(SYS_futex, &bell, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    bell.compare_exchange_strong(rung, wire::kSilent);
  }
};

TEST_F(SleepingPumpTest, IsWokenByTheFirstEvent) {
  if (!Bells().work()) GTEST_SKIP() << "the kernel has no futex_waitv";
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  for (std::size_t round = 1; round <= 3; ++round) {
    ASSERT_TRUE(eventually([&] { return pump.is_asleep(); }));
    EXPECT_GE(bell().load(), wire::kFirstArmed);
    (void)pump.take(intake);
    pump.hush();
    ASSERT_TRUE(publish());
    ring(bell());
    pollfd stirred{pump.stirred_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&stirred, 1, 10'000), 1);
    EXPECT_EQ(pump.take(intake).slots, 1u);
  }
  ASSERT_TRUE(publish());
  EXPECT_EQ(pump.finish(intake).slots, 1u);
  EXPECT_EQ(bell().load(), wire::kSilent) << "nobody sleeps any more";
}

TEST_F(SleepingPumpTest, LooksByItselfWhereNobodyCanRing) {
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  ASSERT_TRUE(!Bells().work() || eventually([&] { return pump.is_asleep(); }));
  ring(bell());
  bell() = wire::kNoBell;
  ASSERT_TRUE(eventually([&] { return !pump.is_asleep(); }));
  std::this_thread::sleep_for(std::chrono::nanoseconds(3 * Pump::kQuietNs));
  EXPECT_FALSE(pump.is_asleep());
  EXPECT_EQ(bell().load(), wire::kNoBell);
  ASSERT_TRUE(publish());
  std::size_t got = 0;
  EXPECT_TRUE(eventually([&] { return (got += pump.take(intake).slots) == 1; }));
}

TEST_F(SleepingPumpTest, AKilledCollectorsBellIsSilenced) {
  bell() = wire::kFirstArmed + 8;
  Pump pump;
  pump.add(reader());
  EXPECT_EQ(bell().load(), wire::kSilent);
}

TEST_F(SleepingPumpTest, AFileCutShortMakesNoNoise) {
  if (!Bells().work()) GTEST_SKIP() << "the kernel has no futex_waitv";
  Pump pump;
  Pump::Intake* intake = pump.add(reader());
  ASSERT_TRUE(eventually([&] { return pump.is_asleep(); }));
  ASSERT_EQ(::truncate(producer_.path().c_str(), 0), 0);
  ASSERT_TRUE(eventually([&] { return pump.take(intake).broken_segment; }));
  EXPECT_TRUE(eventually([&] { return pump.is_asleep(); }));
}

// A library that tells when a ring is a quarter full, and a pump that would not look again in an
// hour.
class ToldPumpTest : public SleepingPumpTest {
 protected:
  static constexpr std::int64_t kHour = 3600 * kNsPerSecond;
  static constexpr std::uint64_t kQuarter = wire::kRingElements / 4;
  ToldPumpTest() { producer_.header().told = 1; }
  void SetUp() override {
    if (!Bells().work()) GTEST_SKIP() << "the kernel has no futex_waitv";
  }
  std::atomic<std::uint64_t>& mark(std::size_t slot) { return producer_.slot(slot).tell_at; }
  void tell() {
    std::atomic<std::uint32_t>& told = producer_.header().told;
    told += 2;
    ::syscall(SYS_futex, &told, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }
};

TEST_F(ToldPumpTest, MarksLieBehindWhatWasTaken) {
  ASSERT_TRUE(publish(0));
  ASSERT_TRUE(publish(0));
  ASSERT_TRUE(publish(1));
  Pump pump(kHour);
  pump.add(reader());
  EXPECT_TRUE(eventually([&] { return mark(0) == 2 + kQuarter && mark(1) == 1 + kQuarter; }));
  EXPECT_EQ(mark(2).load(), 0U);
}

TEST_F(ToldPumpTest, ComesWhenItIsTold) {
  Pump pump(kHour);
  Pump::Intake* intake = pump.add(reader());
  for (std::uint64_t round = 1; round <= 3; ++round) {
    ASSERT_TRUE(publish());
    tell();
    EXPECT_TRUE(eventually([&] { return mark(0) == round + kQuarter; }));
    EXPECT_EQ(pump.take(intake).slots, 1U);
  }
}

TEST_F(ToldPumpTest, ANewSegmentIsNotWaitedFor) {
  ASSERT_TRUE(publish());
  Pump pump(kHour);
  pump.add(reader());
  ASSERT_TRUE(eventually([&] { return mark(0) == 1 + kQuarter; }));
  Producer other(directory_.path(), {.created_ns = 1000});
  const UniqueFd fd(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY));
  auto file = SegmentFile::open(fd.get(), other.name());
  ASSERT_TRUE(file && file->has_value());
  other.publish(0, EventBuilder(wire::Op::close, 3, monotonic_ns()).slots());
  Pump::Intake* intake = pump.add(SegmentReader(*std::move(*file)));
  std::size_t got = 0;
  EXPECT_TRUE(eventually([&] { return (got += pump.take(intake).slots) == 1; }));
}

TEST_F(ToldPumpTest, LooksByItselfWhereNobodyMayTell) {
  ASSERT_TRUE(publish());
  Pump pump(kHour);
  Pump::Intake* intake = pump.add(reader());
  ASSERT_TRUE(eventually([&] { return mark(0) == 1 + kQuarter; }));
  bell() = wire::kNoBell;
  tell();
  EXPECT_TRUE(eventually([&] { return mark(0) == wire::kTellNever; }));
  (void)pump.take(intake);
  ASSERT_TRUE(publish());
  std::size_t got = 0;
  EXPECT_TRUE(eventually([&] { return (got += pump.take(intake).slots) == 1; }));
}

// More than the kernel waits for at a time.
TEST_F(SleepingPumpTest, HearsEachOfManyBells) {
  if (!Bells().work()) GTEST_SKIP() << "the kernel has no futex_waitv";
  Pump pump;
  std::vector<Producer> producers;
  std::vector<Pump::Intake*> intakes;
  for (int i = 0; i < 300; ++i) {
    producers.emplace_back(directory_.path(), Producer::Options{.created_ns = 1000 + i});
    producers.back().header().bell = wire::kSilent;
    const UniqueFd fd(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY));
    auto file = SegmentFile::open(fd.get(), producers.back().name());
    ASSERT_TRUE(file && file->has_value());
    intakes.push_back(pump.add(SegmentReader(*std::move(*file))));
  }
  for (const std::size_t index : {std::size_t{0}, std::size_t{150}, std::size_t{299}}) {
    ASSERT_TRUE(eventually([&] { return pump.is_asleep(); }));
    pump.hush();
    ASSERT_TRUE(
        producers[index].publish(0, EventBuilder(wire::Op::close, 3, monotonic_ns()).slots()));
    ring(producers[index].header().bell);
    pollfd stirred{pump.stirred_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&stirred, 1, 10'000), 1);
    EXPECT_EQ(pump.take(intakes[index]).slots, 1u);
  }
}

TEST_F(PumpTest, UntouchedRingsStayUntouched) {
  SegmentReader direct = reader();
  ASSERT_TRUE(publish(7));
  Harvest harvest;
  direct.drain(harvest, true);
  struct stat status {};
  ASSERT_EQ(::stat(producer_.path().c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 64 * 1024) << "memory was taken for rings nobody used";
}

}  // namespace
}  // namespace sockwatch::drain
