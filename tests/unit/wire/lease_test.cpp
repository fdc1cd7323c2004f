// Which thread has which ring.
#include <sys/wait.h>

#include <barrier>
#include <thread>
#include <vector>

#include "shim/record.h"
#include "shim/segment.h"
#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

using Lease = test::Recording;

bool publish_one(int fd) {
  Record record(wire::Op::send, fd);
  if (!record) return false;
  record.publish();
  return true;
}

std::size_t slots_in_state(const test::Mapped& mapped, std::uint32_t state) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < wire::kSlotCount; ++i) {
    count += mapped.slot(i).state.load() == state ? 1 : 0;
  }
  return count;
}

TEST_F(Lease, AThreadsEndGivesItsSlotBack) {
  std::thread([] { EXPECT_TRUE(publish_one(1)); }).join();
  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(0).state.load(), wire::kFree);
  EXPECT_EQ(mapped.slot(0).tid.load(), 0U);
  std::thread([] { EXPECT_TRUE(publish_one(2)); }).join();
  // The next owner goes on where the last one stopped; nothing was drained in between.
  EXPECT_EQ(mapped.slot(0).published.load(), 2U);
  EXPECT_EQ(mapped.slot(1).state.load(), wire::kNeverUsed);
  const auto slots = mapped.drain(0);
  ASSERT_EQ(slots.size(), 2U);
  EXPECT_EQ(slots[1].sequence, 1U);
  EXPECT_NE(slots[0].tid, 0U);
}

TEST_F(Lease, MoreThreadsThanSlotsOneAfterAnotherLoseNothing) {
  constexpr std::size_t kThreads = 3 * wire::kSlotCount;
  for (std::size_t i = 0; i < kThreads; ++i) {
    std::thread([] { EXPECT_TRUE(publish_one(1)); }).join();
  }
  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(0).published.load(), kThreads);
  EXPECT_EQ(slots_in_state(mapped, wire::kNeverUsed), wire::kSlotCount - 1);
  EXPECT_EQ(lost(wire::Loss::no_slot), 0U);
}

TEST_F(Lease, ChurnByManyAtOnceLosesNothing) {
  constexpr int kAtOnce = 16;
  constexpr int kRounds = 10;
  constexpr int kEvents = 20;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < kAtOnce; ++i) {
      threads.emplace_back([] {
        for (int event = 0; event < kEvents; ++event) EXPECT_TRUE(publish_one(event));
      });
    }
    for (auto& thread : threads) thread.join();
  }
  const test::Mapped mapped(segment_path());
  std::uint64_t published = 0;
  for (std::size_t i = 0; i < wire::kSlotCount; ++i) {
    published += mapped.slot(i).published.load();
    if (mapped.slot(i).state.load() == wire::kNeverUsed) continue;
    EXPECT_EQ(mapped.slot(i).state.load(), wire::kFree);
    const auto slots = mapped.drain(i);
    for (std::size_t at = 0; at < slots.size(); ++at) ASSERT_EQ(slots[at].sequence, at);
  }
  EXPECT_EQ(published, kAtOnce * kRounds * kEvents);
}

TEST_F(Lease, MoreThreadsAtOnceThanSlotsAreCounted) {
  constexpr std::size_t kThreads = wire::kSmallSlots + 5;
  std::barrier all_have_tried(static_cast<std::ptrdiff_t>(kThreads));
  std::atomic<std::size_t> recorded{0};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      recorded += publish_one(1) ? 1 : 0;
      all_have_tried.arrive_and_wait();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(recorded.load(), wire::kSmallSlots);
  EXPECT_EQ(lost(wire::Loss::no_slot), 5U);
  EXPECT_TRUE(publish_one(1));  // they are free again
}

// A thread that ends without destructors (a raw exit) leaves its slot leased.
TEST_F(Lease, SlotsOfDeadThreadsAreFoundWhenNoneIsLeft) {
  ASSERT_TRUE(publish_one(1));
  const test::Mapped mapped(segment_path());
  std::uint32_t dead = 0;
  std::thread([&] { dead = static_cast<std::uint32_t>(gettid()); }).join();
  for (std::size_t i = 1; i < wire::kSmallSlots; ++i) {
    ASSERT_TRUE(segment::populate(
        process::current(), segment::slots(process::current().segment.load())[i],
        segment::ring_place(process::current().segment.load(), static_cast<std::uint32_t>(i)), 1));
    mapped.slot(i).tid = static_cast<std::uint32_t>(gettid());  // alive
    mapped.slot(i).state = wire::kLeased;
  }
  mapped.slot(100).tid = dead;
  mapped.slot(101).tid = 0;  // being handed over: not to be taken
  bool recorded = false;
  std::thread([&] {
    for (std::size_t i = 0; i < wire::kSmallSlots && !recorded; ++i) recorded = publish_one(9);
    EXPECT_EQ(mapped.slot(100).tid.load(), static_cast<std::uint32_t>(gettid()));
  }).join();
  EXPECT_TRUE(recorded);
  EXPECT_EQ(mapped.slot(100).published.load(), 1U);
  EXPECT_EQ(mapped.slot(101).published.load(), 0U);
}

// The owner vanished between publishing and counting.
TEST_F(Lease, TheNextOwnerCountsOnFromTheRing) {
  std::thread([] {
    publish_one(1);
    publish_one(2);
  }).join();
  const test::Mapped mapped(segment_path());
  mapped.slot(0).published = 1;
  std::thread([] { publish_one(3); }).join();
  EXPECT_EQ(mapped.slot(0).published.load(), 3U);
  EXPECT_EQ(mapped.drain(0).back().sequence, 2U);
}

}  // namespace
}  // namespace sockwatch::shim
