#include "collector/drain/merge.h"

#include <gmock/gmock.h>

#include <random>

namespace sockwatch::drain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// t_ns of single-slot events.
std::vector<wire::Event> events(std::initializer_list<std::uint64_t> times) {
  std::vector<wire::Event> result;
  for (const std::uint64_t t_ns : times) {
    result.emplace_back();
    result.back().t_ns = t_ns;
  }
  return result;
}

template <typename Each>
void for_each_of(std::span<const wire::Event> publications, Each&& each) {
  while (!publications.empty()) {
    const auto one = first_publication(publications);
    each(one);
    publications = publications.subspan(one.size());
  }
}

class MergeTest : public testing::Test {
 protected:
  std::vector<std::uint64_t> release(std::int64_t watermark, std::int64_t now = 0) {
    times_.clear();
    merge_.release(watermark, now, each_);
    return times_;
  }
  std::vector<std::uint64_t> flush() {
    times_.clear();
    merge_.flush(each_);
    return times_;
  }

  Merge merge_;
  std::vector<std::uint64_t> times_;
  Merge::Each each_ = [this](std::size_t, std::span<const wire::Event> publications) {
    for_each_of(publications, [this](auto one) { times_.push_back(one.front().t_ns); });
  };
};

TEST_F(MergeTest, NothingFromNothing) {
  EXPECT_THAT(release(100), IsEmpty());
  EXPECT_THAT(flush(), IsEmpty());
  merge_.add(0, {}, 0);
  EXPECT_THAT(flush(), IsEmpty());
}

TEST_F(MergeTest, OrdersRings) {
  merge_.add(3, events({1, 4, 7}), 0);
  merge_.add(0, events({2, 5, 8}), 0);
  merge_.add(9, events({3, 6, 9}), 0);
  EXPECT_THAT(release(100), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(merge_.late(), 0u);
  EXPECT_EQ(merge_.held(), 0u);
}

TEST_F(MergeTest, HoldsWhatIsAboveTheWatermark) {
  merge_.add(0, events({1, 5}), 0);
  merge_.add(1, events({2, 6}), 0);
  EXPECT_THAT(release(4), ElementsAre(1, 2));
  EXPECT_EQ(merge_.held(), 2u);
  merge_.add(0, events({7}), 0);
  merge_.add(2, events({4}), 0);  // the one the others waited for
  EXPECT_THAT(release(6), ElementsAre(4, 5, 6));
  EXPECT_THAT(flush(), ElementsAre(7));
  EXPECT_EQ(merge_.late(), 0u);
}

TEST_F(MergeTest, NeverChangesTheOrderOfOneRing) {
  merge_.add(0, events({10, 3, 12}), 0);
  merge_.add(1, events({5, 11}), 0);
  EXPECT_THAT(flush(), ElementsAre(5, 10, 3, 11, 12));
  EXPECT_EQ(merge_.late(), 1u);
}

TEST_F(MergeTest, InPartsItIsTheSame) {
  merge_.add(0, events({1, 4, 7, 20}), 0);
  merge_.add(1, events({2, 3, 8}), 0);
  std::vector<std::size_t> parts;
  times_.clear();
  while (merge_.release(10, 0, each_, 2)) parts.push_back(times_.size());
  EXPECT_THAT(parts, ElementsAre(2, 4));
  EXPECT_THAT(times_, ElementsAre(1, 2, 3, 4, 7, 8));
  EXPECT_EQ(merge_.held(), 1u);
  EXPECT_EQ(merge_.late(), 0u);
}

TEST_F(MergeTest, AnEventAboveTheWatermarkHoldsBackItsOwnRing) {
  merge_.add(0, events({10, 3}), 0);
  EXPECT_THAT(release(5), IsEmpty());
  EXPECT_THAT(release(10), ElementsAre(10, 3));
}

TEST_F(MergeTest, PublicationsStayWhole) {
  std::vector<wire::Event> slots = events({1, 999, 2, 999, 999});
  slots[0].continuation_slots = 1;
  slots[2].continuation_slots = 2;
  merge_.add(0, slots, 0);
  merge_.add(1, events({1, 3}), 0);
  std::vector<std::size_t> sizes;
  merge_.flush([&](std::size_t, std::span<const wire::Event> publications) {
    for_each_of(publications, [&](auto one) { sizes.push_back(one.size()); });
  });
  EXPECT_THAT(sizes, ElementsAre(2, 1, 3, 1));
  EXPECT_EQ(merge_.held(), 0u);
}

TEST_F(MergeTest, AStoppedThreadHoldsOthersBackForASecondOnly) {
  merge_.add(0, events({50, 60}), 1000);
  EXPECT_THAT(release(40, 1000 + Merge::kPatienceNs - 1), IsEmpty());
  merge_.add(0, events({70}), 1000 + Merge::kPatienceNs - 1);
  EXPECT_THAT(release(40, 1000 + Merge::kPatienceNs), ElementsAre(50, 60));
  merge_.add(1, events({41}), 1000 + Merge::kPatienceNs);  // it goes on at last
  EXPECT_THAT(release(80, 1000 + Merge::kPatienceNs), ElementsAre(41, 70));
  EXPECT_EQ(merge_.late(), 1u);
}

TEST_F(MergeTest, ForgedTimesHarmTheOrderOnly) {
  merge_.add(0, events({~std::uint64_t{0}, 0}), 0);
  merge_.add(1, events({5}), 0);
  EXPECT_THAT(release(100), ElementsAre(5));
  EXPECT_THAT(release(-1, Merge::kPatienceNs), ElementsAre(~std::uint64_t{0}, 0));
}

TEST_F(MergeTest, ManyRingsInManyPiecesComeOutInOrder) {
  std::mt19937 random(3);
  std::vector<std::vector<std::uint64_t>> rings(wire::kSlotCount);
  for (std::uint64_t t_ns = 1; t_ns <= 50'000; ++t_ns) {
    rings[random() % rings.size()].push_back(t_ns);
  }
  std::vector<std::size_t> given(rings.size(), 0);
  std::vector<std::uint64_t> all;
  for (std::uint64_t watermark = 500; watermark <= 50'000; watermark += 500) {
    for (std::size_t ring = 0; ring < rings.size(); ++ring) {
      std::vector<wire::Event> piece;
      // All up to the watermark, and some of what is beyond.
      while (given[ring] < rings[ring].size() &&
             (rings[ring][given[ring]] <= watermark || random() % 3 == 0)) {
        piece.emplace_back();
        piece.back().t_ns = rings[ring][given[ring]++];
      }
      merge_.add(ring, std::move(piece), 0);
    }
    for (const std::uint64_t t_ns : release(static_cast<std::int64_t>(watermark))) {
      all.push_back(t_ns);
    }
    ASSERT_EQ(all.size(), watermark);
  }
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(merge_.late(), 0u);
}

}  // namespace
}  // namespace sockwatch::drain
