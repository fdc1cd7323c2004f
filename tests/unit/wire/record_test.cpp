#include "shim/record.h"

#include <cerrno>
#include <cstring>
#include <thread>

#include "shim/clock.h"
#include "shim/segment.h"
#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

using Recorded = test::Recording;

void publish_one(int fd, std::size_t extra_bytes = 0) {
  Record record(wire::Op::send, fd);
  if (!record) return;
  const char bytes[4 * wire::Continuation::kBytes] = {};
  record.part(wire::Part::name, bytes, extra_bytes);
  record.publish();
}

void take_all_large_slots(const test::Mapped& mapped) {
  for (std::size_t i = wire::kSmallSlots; i < wire::kSlotCount; ++i) {
    mapped.slot(i).state = wire::kLeased;
  }
}

TEST_F(Recorded, AnEventArrivesAsItWasPutTogether) {
  const std::uint64_t before = clock::now_ns();
  Record record(wire::Op::connect, 12);
  ASSERT_TRUE(record);
  record.outcome({-1, EINPROGRESS}, before);
  const char peer[] = "an address that is a little longer than what fits into one slot, so two";
  const char local[] = "short";
  record.part(wire::Part::peer_address, peer, sizeof(peer));
  record.part(wire::Part::local_address, local, sizeof(local));
  record.publish();

  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(0).published.load(), 4U);
  EXPECT_EQ(mapped.slot(0).recording_since_ns.load(), 0U);
  const auto slots = mapped.drain(0);
  ASSERT_EQ(slots.size(), 4U);
  const wire::Event& event = slots[0];
  EXPECT_EQ(event.op, wire::Op::connect);
  EXPECT_EQ(event.fd, 12);
  EXPECT_EQ(event.flags, wire::kHasStart);
  EXPECT_EQ(event.result, -1);
  EXPECT_EQ(event.error, EINPROGRESS);
  EXPECT_EQ(event.sequence, 0U);
  EXPECT_EQ(event.tid, static_cast<std::uint32_t>(gettid()));
  EXPECT_EQ(event.t_ns, before + event.duration_ns);
  EXPECT_LE(event.t_ns, clock::now_ns());
  const auto got = test::part_of(slots, wire::Part::peer_address);
  ASSERT_EQ(got.size(), sizeof(peer));
  EXPECT_EQ(std::memcmp(got.data(), peer, sizeof(peer)), 0);
  EXPECT_EQ(test::part_of(slots, wire::Part::local_address).size(), sizeof(local));
}

TEST_F(Recorded, TheFirstEventIsNotTimedWithTheMakingOfTheSegment) {
  const std::uint64_t before = clock::now_ns();
  Record record(wire::Op::connect, 12);
  const std::uint64_t after = clock::now_ns();
  ASSERT_TRUE(record);
  EXPECT_LT(record.event().t_ns - before, (after - before) / 2);
  record.abandon();
}

TEST_F(Recorded, ErrnoIsOnlyToldOfAFailure) {
  Record record(wire::Op::send, 1);
  ASSERT_TRUE(record);
  record.outcome({5, EAGAIN});
  EXPECT_EQ(record.event().error, 0);
  EXPECT_EQ(record.event().flags, 0);
  record.abandon();
}

TEST_F(Recorded, APartThatDoesNotFitIsLeftOutWhole) {
  Record record(wire::Op::getaddrinfo, -1);
  ASSERT_TRUE(record);
  char bytes[13 * wire::Continuation::kBytes] = {};
  record.part(wire::Part::name, bytes, 10 * wire::Continuation::kBytes);
  record.part(wire::Part::addresses, bytes, 3 * wire::Continuation::kBytes);  // one too many
  EXPECT_EQ(record.event().continuation_slots, 10);
  record.part(wire::Part::service, bytes, 2 * wire::Continuation::kBytes);
  EXPECT_EQ(record.event().continuation_slots, wire::kMaxContinuationSlots);
  record.part(wire::Part::service, bytes, 1);
  record.part(wire::Part::service, bytes, 0);
  EXPECT_EQ(record.event().continuation_slots, wire::kMaxContinuationSlots);
  record.publish();
  EXPECT_EQ(test::Mapped(segment_path()).slot(0).published.load(), 1 + wire::kMaxContinuationSlots);
}

TEST_F(Recorded, AnAbandonedEventLeavesNothing) {
  Record first(wire::Op::send, 1);
  ASSERT_TRUE(first);
  first.abandon();
  Record second(wire::Op::send, 2);
  ASSERT_TRUE(second);
  second.publish();
  const auto slots = test::Mapped(segment_path()).drain(0);
  ASSERT_EQ(slots.size(), 1U);
  EXPECT_EQ(slots[0].fd, 2);
  EXPECT_EQ(slots[0].sequence, 0U);
}

// Whole events are dropped, counted, and told at the place of the loss as soon as there is room.
TEST_F(Recorded, AFullRingDropsWholeEventsAndTellsWhere) {
  constexpr std::size_t kSlots = 4;  // 1 + 3 continuations: 4095 is no multiple of it
  constexpr std::size_t kBytes = 3 * wire::Continuation::kBytes;
  constexpr std::size_t kFit = wire::kRingCapacity / kSlots;
  constexpr std::size_t kTooMany = 10;
  publish_one(0, kBytes);
  const test::Mapped mapped(segment_path());
  take_all_large_slots(mapped);
  for (std::size_t i = 1; i < kFit + kTooMany; ++i) publish_one(static_cast<int>(i), kBytes);

  EXPECT_EQ(mapped.slot(0).published.load(), kFit * kSlots);
  EXPECT_EQ(mapped.slot(0).lost.load(), kTooMany);
  EXPECT_EQ(mapped.slot(0).populated.load(), wire::kRingElements);
  const auto slots = mapped.drain(0);
  ASSERT_EQ(slots.size(), kFit * kSlots);
  for (std::size_t i = 0; i < slots.size(); i += kSlots) {
    ASSERT_EQ(slots[i].sequence, i);
    ASSERT_EQ(slots[i].continuation_slots, kSlots - 1);
  }

  publish_one(77);
  const auto after = mapped.drain(0);
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].op, wire::Op::lost);
  EXPECT_EQ(after[0].sequence, kFit * kSlots);
  EXPECT_EQ(after[0].payload.lost.count, kTooMany);
  EXPECT_EQ(after[0].payload.lost.cause, static_cast<std::uint32_t>(wire::Loss::ring_full));
  EXPECT_EQ(after[1].fd, 77);
  EXPECT_EQ(after[1].sequence, kFit * kSlots + 1);
  publish_one(78);
  EXPECT_EQ(mapped.drain(0).size(), 1U);  // told once
}

// From one ring into the other nothing is lost, and nothing is in both.
TEST_F(Recorded, AThreadThatFillsHalfItsRingMovesToALargeOne) {
  constexpr std::size_t kEvents = wire::kRingElements / 2 + wire::kLargeRingCapacity;
  for (std::size_t i = 0; i < kEvents; ++i) publish_one(static_cast<int>(i));
  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(0).state.load(), wire::kFree);
  EXPECT_EQ(mapped.slot(0).tid.load(), 0U);
  const wire::Slot& large = mapped.slot(wire::kSmallSlots);
  EXPECT_EQ(large.state.load(), wire::kLeased);
  EXPECT_EQ(large.lost.load(), mapped.slot(0).published + large.published - kEvents);
  int next = 0;
  for (const std::size_t slot : {std::size_t{0}, wire::kSmallSlots}) {
    std::uint64_t sequence = 0;
    for (const wire::Event& event : mapped.drain(slot)) {
      ASSERT_EQ(event.sequence, sequence++);
      ASSERT_EQ(event.fd, next++);
    }
  }
  EXPECT_EQ(next, static_cast<int>(kEvents));

  // Room again, over the end of the array, and what comes after a thread's end is for the next.
  for (int i = 0; i < 10; ++i) publish_one(77);
  const auto slots = mapped.drain(wire::kSmallSlots);
  ASSERT_EQ(slots.size(), 10U);
  EXPECT_EQ(slots[9].fd, 77);
}

TEST_F(Recorded, ALargeRingGoesToTheNextThreadThatNeedsOne) {
  const auto fill_half = [] {
    for (std::size_t i = 0; i <= wire::kRingElements / 2 + 1; ++i) publish_one(1);
  };
  std::thread(fill_half).join();
  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(wire::kSmallSlots).state.load(), wire::kFree);
  mapped.drain(0);
  const std::uint64_t before = mapped.slot(wire::kSmallSlots).published;
  EXPECT_GT(before, 0U);
  mapped.slot(0).tell_at = mapped.slot(0).published + 1;
  std::thread(fill_half).join();
  EXPECT_GT(mapped.slot(wire::kSmallSlots).published.load(), before);
  EXPECT_EQ(mapped.slot(wire::kSmallSlots + 1).state.load(), wire::kNeverUsed);
}

TEST_F(Recorded, ManyLapsKeepTheSequence) {
  publish_one(0);
  const test::Mapped mapped(segment_path());
  mapped.drain(0);
  std::uint64_t expected = 1;
  for (int lap = 0; lap < 20; ++lap) {
    for (std::size_t i = 0; i < 1000; ++i) publish_one(1, i % 3 * wire::Continuation::kBytes);
    const auto slots = mapped.drain(0);
    for (std::size_t i = 0; i < slots.size(); i += 1 + slots[i].continuation_slots) {
      ASSERT_EQ(slots[i].sequence, expected + i);
    }
    expected += slots.size();
  }
  EXPECT_EQ(mapped.slot(0).published.load(), expected);
  EXPECT_EQ(mapped.slot(0).lost.load(), 0U);
}

TEST_F(Recorded, MemoryComesInPieces) {
  publish_one(1);
  const test::Mapped mapped(segment_path());
  const std::uint64_t first = mapped.slot(0).populated.load();
  EXPECT_GE(first, 1U);
  if (first == wire::kRingElements) GTEST_SKIP() << "a kernel without MADV_POPULATE_WRITE";
  EXPECT_LE(first, 64U);
  for (int i = 0; i < 200; ++i) publish_one(1);
  EXPECT_GE(mapped.slot(0).populated.load(), 201U);
  EXPECT_LT(mapped.slot(0).populated.load(), wire::kRingElements);
}

TEST_F(Recorded, ErrnoIsNotTouched) {
  errno = 4711;
  publish_one(1, 56);
  publish_one(2);
  EXPECT_EQ(errno, 4711);
}

}  // namespace
}  // namespace sockwatch::shim
