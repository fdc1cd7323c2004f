// What both sides of the shared memory must agree on.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "shim/wire/event.h"
#include "shim/wire/ring.h"
#include "shim/wire/segment.h"

namespace sockwatch::wire {
namespace {

struct Named {
  int number;
  std::string symbol;
};

const std::vector<Named> kOps = {
#define SOCKWATCH_OP(number, symbol, group) {number, #symbol},
#include "shim/wire/ops.def"
};
const std::vector<std::string> kTwins = {
#define SOCKWATCH_OP(number, symbol, group)
#define SOCKWATCH_TWIN(symbol, op, group) #symbol,
#include "shim/wire/ops.def"
};

wire::Event numbered(std::uint64_t number) {
  Event event{};
  event.op = Op::send;
  event.sequence = number;
  event.payload.option.value = static_cast<std::int64_t>(number * 3);
  return event;
}

TEST(Ops, NumbersAndSymbolsAreUnique) {
  std::set<int> numbers;
  std::set<std::string> symbols;
  for (const auto& op : kOps) {
    EXPECT_TRUE(numbers.insert(op.number).second) << op.number;
    EXPECT_TRUE(symbols.insert(op.symbol).second) << op.symbol;
    EXPECT_GT(op.number, 0);
    EXPECT_LT(op.number, static_cast<int>(Op::continuation));
  }
  for (const auto& twin : kTwins) EXPECT_TRUE(symbols.insert(twin).second) << twin;
  EXPECT_GT(symbols.size(), 60U);
}

// Numbers are stored in traces' rings by other builds: a change here is a change of the contract.
TEST(Ops, NumbersStay) {
  EXPECT_EQ(static_cast<int>(Op::connect), 3);
  EXPECT_EQ(static_cast<int>(Op::close), 20);
  EXPECT_EQ(static_cast<int>(Op::poll), 40);
  EXPECT_EQ(static_cast<int>(Op::send), 60);
  EXPECT_EQ(static_cast<int>(Op::getsockopt), 80);
  EXPECT_EQ(static_cast<int>(Op::getaddrinfo), 90);
  EXPECT_EQ(static_cast<int>(Op::dlopen), 100);
}

TEST(SegmentLayout, PiecesLieApartAndOnPages) {
  EXPECT_EQ(kRingsOffset % kPage, 0U);
  EXPECT_EQ(kRingStride % kPage, 0U);
  EXPECT_GE(kRingsOffset, sizeof(Header) + kSlotCount * sizeof(Slot));
  EXPECT_GE(kRingStride, sizeof(Ring));
  EXPECT_GE(kLargeRingStride, sizeof(LargeRing));
  EXPECT_EQ(sizeof(Header) % alignof(Slot), 0U);
  EXPECT_EQ(kSegmentSize, kLargeRingsOffset + kLargeSlots * kLargeRingStride);
  for (std::size_t slot = 0; slot + 1 < kSlotCount; ++slot) {
    EXPECT_EQ(ring_offset(slot) + ring_bytes(slot), ring_offset(slot + 1));
  }
  EXPECT_EQ(ring_offset(kSlotCount - 1) + kLargeRingStride, kSegmentSize);
}

// A ring begins its life as zeroed shared memory.
template <typename Queue>
class RingViews : public ::testing::Test {
 protected:
  static constexpr std::size_t kCapacity =
      sizeof(Queue) == sizeof(Ring) ? kRingCapacity : kLargeRingCapacity;
  static constexpr std::size_t kElements = kCapacity + 1;

  RingViews() : memory_(new (std::align_val_t{kPage}) std::byte[sizeof(Queue)]) {
    std::memset(memory_, 0, sizeof(Queue));
    ring_ = new (memory_) Queue;
    image_ = reinterpret_cast<RingImage*>(memory_);
  }
  ~RingViews() override { operator delete[](memory_, std::align_val_t{kPage}); }

  std::byte* memory_;
  Queue* ring_;
  RingImage* image_;
};
using Queues = ::testing::Types<Ring, LargeRing>;
TYPED_TEST_SUITE(RingViews, Queues);

TYPED_TEST(RingViews, WhatBoostPushesTheImageReads) {
  ASSERT_EQ(this->image_->write_index.load(), 0U);
  ASSERT_EQ(this->image_->read_index.load(), 0U);
  std::uint64_t pushed = 0;
  std::uint64_t read = 0;
  for (int round = 0; round < 5; ++round) {  // more than one lap around the ring
    while (this->ring_->write_available() >= 3) {
      const Event slots[3] = {numbered(pushed), numbered(pushed + 1), numbered(pushed + 2)};
      ASSERT_EQ(this->ring_->push(slots, slots + 3), slots + 3);
      pushed += 3;
    }
    const std::size_t end = this->image_->write_index.load();
    std::size_t at = this->image_->read_index.load();
    for (; at != end; at = (at + 1) % this->kElements) {
      const Event& event = this->image_->elements()[at];
      ASSERT_EQ(event.sequence, read);
      ASSERT_EQ(event.payload.option.value, static_cast<std::int64_t>(read * 3));
      ++read;
    }
    this->image_->read_index.store(at);
    ASSERT_EQ(this->ring_->write_available(), this->kCapacity);
  }
  EXPECT_EQ(read, pushed);
  EXPECT_GT(pushed, 4 * this->kCapacity);
}

TYPED_TEST(RingViews, WhatTheImageIsGivenBoostPops) {
  for (std::uint64_t i = 0; i < this->kCapacity; ++i) {
    this->image_->elements()[i] = numbered(i);
  }
  this->image_->write_index.store(this->kCapacity);
  EXPECT_EQ(this->ring_->read_available(), this->kCapacity);
  EXPECT_EQ(this->ring_->write_available(), 0U);
  std::uint64_t next = 0;
  const auto take = [&](const Event& event) { ASSERT_EQ(event.sequence, next++); };
  EXPECT_EQ(this->ring_->consume_all(take), this->kCapacity);
  EXPECT_EQ(this->image_->read_index.load(), this->kCapacity);
}

TYPED_TEST(RingViews, CapacityLeavesOneElementEmpty) {
  std::size_t pushed = 0;
  while (this->ring_->push(numbered(pushed))) ++pushed;
  EXPECT_EQ(pushed, this->kCapacity);
}

}  // namespace
}  // namespace sockwatch::wire
