#include "collector/drain/ring_reader.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <new>
#include <random>
#include <thread>

#include "tests/unit/drain/producer.h"

namespace sockwatch::drain {
namespace {

constexpr std::size_t kElements = wire::kRingElements;

// A ring in plain memory, seen as its producer and its reader see it.
class RingReaderTest : public testing::Test {
 protected:
  bool push(std::vector<wire::Event> slots) {
    if (ring_->write_available() < slots.size()) return false;
    slots.front().sequence = sequence_;
    sequence_ += slots.size();
    return ring_->push(slots.data(), slots.data() + slots.size()) == slots.data() + slots.size();
  }
  bool push_event(std::int64_t t_ns = 1) {
    return push(EventBuilder(wire::Op::close, 3, t_ns).slots());
  }
  bool push_long(std::size_t continuations, std::int64_t t_ns = 1) {
    const std::string bytes(continuations * wire::Continuation::kBytes, 'n');
    return push(
        EventBuilder(wire::Op::getaddrinfo, -1, t_ns).text(wire::Part::name, bytes).slots());
  }

  // All zeroes, as the file a ring lies in: what was never written is no event of another ring.
  struct Memory {
    alignas(wire::Ring) std::byte bytes[sizeof(wire::Ring)] = {};
  };
  std::unique_ptr<Memory> memory_ = std::make_unique<Memory>();
  wire::Ring* ring_ = new (memory_->bytes) wire::Ring;
  wire::RingImage& image_ = *reinterpret_cast<wire::RingImage*>(ring_);
  std::uint64_t sequence_ = 0;
  std::vector<wire::Event> out_;
};

TEST_F(RingReaderTest, EmptyRing) {
  RingReader reader(image_);
  EXPECT_EQ(reader.drain(out_), 0u);
  EXPECT_FALSE(reader.broken());
  EXPECT_FALSE(reader.next_sequence());
}

TEST_F(RingReaderTest, TakesWhatBoostPushedAndGivesTheRoomBack) {
  RingReader reader(image_);
  std::uint64_t pushed = 0;
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {  // many times around the ring
    while (push_long(random() % 13, static_cast<std::int64_t>(pushed))) ++pushed;
    reader.drain(out_);
    ASSERT_FALSE(reader.broken());
    reader.give_back();
    ASSERT_EQ(ring_->write_available(), wire::kRingCapacity);
  }
  EXPECT_EQ(reader.next_sequence(), sequence_);
  std::uint64_t seen = 0;
  for (std::size_t at = 0; at < out_.size(); at += 1u + out_[at].continuation_slots) {
    ASSERT_EQ(out_[at].t_ns, seen++);
  }
  EXPECT_EQ(seen, pushed);
}

TEST_F(RingReaderTest, IndexOutOfRangeBreaksTheRing) {
  for (const std::size_t index :
       {kElements, ~std::size_t{0}, kElements * 2, std::size_t{1} << 63}) {
    image_.write_index = index;
    RingReader reader(image_);
    EXPECT_EQ(reader.drain(out_), 0u);
    EXPECT_TRUE(reader.broken()) << index;
  }
  image_.write_index = 1;
  for (const std::size_t index : {kElements, ~std::size_t{0}}) {
    image_.read_index = index;
    RingReader reader(image_);
    EXPECT_EQ(reader.drain(out_), 0u);
    EXPECT_TRUE(reader.broken()) << index;
  }
  EXPECT_TRUE(out_.empty());
}

TEST_F(RingReaderTest, IndexOffByOneBreaksTheRing) {
  ASSERT_TRUE(push_event());
  RingReader reader(image_);
  reader.drain(out_);
  image_.write_index = 2;  // an element that was never written
  EXPECT_EQ(reader.drain(out_), 0u);
  EXPECT_TRUE(reader.broken());
  EXPECT_EQ(out_.size(), 1u);
}

TEST_F(RingReaderTest, WriteIndexBackByOneBreaksTheRing) {
  ASSERT_TRUE(push_event() && push_event());
  RingReader reader(image_);
  reader.drain(out_);
  image_.write_index = 1;  // looks like 4095 new elements
  reader.drain(out_);
  EXPECT_TRUE(reader.broken());
  EXPECT_EQ(out_.size(), 2u);
}

TEST_F(RingReaderTest, OverwrittenReadIndexIsIgnored) {
  ASSERT_TRUE(push_event());
  RingReader reader(image_);
  reader.drain(out_);
  image_.read_index = 3000;
  ASSERT_TRUE(push_event());
  EXPECT_EQ(reader.drain(out_), 1u);
  EXPECT_FALSE(reader.broken());
  reader.give_back();
  EXPECT_EQ(image_.read_index.load(), 2u);
}

TEST_F(RingReaderTest, GapRepetitionAndJumpInTheSequenceBreakTheRing) {
  for (const std::uint64_t wrong :
       {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}, std::uint64_t{1} + kElements}) {
    auto ring = std::make_unique<wire::Ring>();
    wire::Event event{};
    ring->push(event);
    event.sequence = wrong;
    ring->push(event);
    RingReader reader(*reinterpret_cast<wire::RingImage*>(ring.get()));
    std::vector<wire::Event> out;
    reader.drain(out);
    EXPECT_TRUE(reader.broken()) << wrong;
    EXPECT_TRUE(out.empty());
  }
}

TEST_F(RingReaderTest, FirstSequenceMustFitItsPlace) {
  wire::Event event{};
  event.sequence = 17;
  ring_->push(event);
  RingReader reader(image_);
  reader.drain(out_);
  EXPECT_TRUE(reader.broken());
}

TEST_F(RingReaderTest, ContinuationsThatAreNotThereBreakTheRing) {
  wire::Event event{};
  event.continuation_slots = 3;
  ring_->push(event);
  RingReader reader(image_);
  reader.drain(out_);
  EXPECT_TRUE(reader.broken());
  EXPECT_TRUE(out_.empty());
}

TEST_F(RingReaderTest, TooManyContinuationsBreakTheRing) {
  wire::Event event{};
  event.continuation_slots = wire::kMaxContinuationSlots + 1;
  for (int i = 0; i < 20; ++i) ring_->push(event);
  RingReader reader(image_);
  reader.drain(out_);
  EXPECT_TRUE(reader.broken());
}

TEST_F(RingReaderTest, BrokenStaysBroken) {
  image_.write_index = ~std::size_t{0};
  RingReader reader(image_);
  reader.drain(out_);
  image_.write_index = 0;
  ASSERT_TRUE(push_event());
  EXPECT_EQ(reader.drain(out_), 0u);
  EXPECT_TRUE(reader.broken());
  EXPECT_EQ(image_.read_index.load(), 0u) << "a broken ring is left alone";
}

TEST_F(RingReaderTest, AfterARestartOnlyWhatWasNotStored) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(push_long(1, i));  // sequences 0 2 4 6 8
  RingReader reader(image_, kElements, 6);
  EXPECT_EQ(reader.drain(out_), 10u);
  ASSERT_EQ(out_.size(), 4u);
  EXPECT_EQ(out_[0].t_ns, 3u);
  EXPECT_EQ(out_[2].t_ns, 4u);
  EXPECT_EQ(reader.missing(), 0u);
}

TEST_F(RingReaderTest, AfterARestartAllMayBeStoredAlready) {
  ASSERT_TRUE(push_event(1));
  RingReader reader(image_, kElements, 1);
  EXPECT_EQ(reader.drain(out_), 1u);
  EXPECT_TRUE(out_.empty());
  ASSERT_TRUE(push_event(2));
  reader.drain(out_);
  ASSERT_EQ(out_.size(), 1u);
  EXPECT_EQ(out_[0].t_ns, 2u);
}

TEST_F(RingReaderTest, WhatWasDrainedStaysUntilItIsGivenBack) {
  ASSERT_TRUE(push_event(1) && push_event(2));
  RingReader reader(image_);
  EXPECT_EQ(reader.drain(out_), 2u);
  EXPECT_EQ(image_.read_index.load(), 0u);
  EXPECT_EQ(reader.drain(out_), 0u) << "once is enough";
  {
    RingReader after_death(image_, kElements, 1);  // of this one, which had noted the first
    std::vector<wire::Event> again;
    after_death.drain(again);
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].t_ns, 2u);
    EXPECT_EQ(after_death.missing(), 0u);
  }
  reader.give_back();
  EXPECT_EQ(image_.read_index.load(), 2u);
}

TEST_F(RingReaderTest, AfterARestartTheGapIsCounted) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(push_event(i));
  {
    RingReader died(image_);
    died.drain(out_);
    died.give_back();
  }
  out_.clear();
  ASSERT_TRUE(push_event(4));
  RingReader reader(image_, kElements, 1);
  reader.drain(out_);
  EXPECT_EQ(out_.size(), 1u);
  EXPECT_EQ(reader.missing(), 3u);
  EXPECT_FALSE(reader.broken());
}

TEST_F(RingReaderTest, ProducerInAnotherThreadLosesNothing) {
  constexpr std::uint64_t kEvents = 300'000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < kEvents;) {
      if (push_long(i % 4, static_cast<std::int64_t>(i))) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  RingReader reader(image_);
  std::uint64_t seen = 0;
  while (seen < kEvents && !reader.broken()) {
    out_.clear();
    reader.drain(out_);
    reader.give_back();
    for (std::size_t at = 0; at < out_.size(); at += 1u + out_[at].continuation_slots) {
      if (out_[at].t_ns != seen++) ADD_FAILURE() << "order";
    }
    if (out_.empty()) std::this_thread::yield();
  }
  producer.join();
  EXPECT_FALSE(reader.broken());
  EXPECT_EQ(seen, kEvents);
}

TEST_F(RingReaderTest, IndicesThatChangeAllTheTimeAreSurvived) {
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> changes = 0;
  std::thread vandal([&] {
    std::mt19937_64 random(7);
    while (!stop) {
      image_.write_index.store(random() % 2 == 0 ? random() % (kElements + 2) : random());
      image_.read_index.store(random() % 2 == 0 ? random() % (kElements + 2) : random());
      ++changes;
    }
  });
  std::size_t broken = 0, readers = 0;
  while (changes < 500'000 || readers < 20'000) {
    out_.clear();
    RingReader reader(image_);
    for (int round = 0; round < 3; ++round) {
      reader.drain(out_);
      if (!reader.broken()) reader.give_back();
    }
    if (out_.size() > 3 * kElements) ADD_FAILURE() << out_.size();
    broken += reader.broken() ? 1u : 0u;
    ++readers;
  }
  stop = true;
  vandal.join();
  EXPECT_GT(broken, readers / 4);
}

}  // namespace
}  // namespace sockwatch::drain
