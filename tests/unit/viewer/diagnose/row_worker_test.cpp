#include "viewer/diagnose/row_worker.h"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

namespace sockwatch::diagnose {
namespace {

store::ConnectionRow row(std::int64_t id) {
  store::ConnectionRow made;
  made.id = id;
  made.peer_name = "name " + std::to_string(id);
  return made;
}

class RowWorkerTest : public testing::TestWithParam<std::int64_t> {};

TEST_P(RowWorkerTest, EveryRowOnceAndInOrder) {
  std::int64_t expected = 0;
  std::int64_t wrong = 0;
  RowWorker worker([&](const store::ConnectionRow& given) {
    ++expected;
    if (given.id != expected || given.peer_name != "name " + std::to_string(expected)) ++wrong;
  });
  for (std::int64_t id = 1; id <= GetParam(); ++id) worker.add(row(id));
  worker.finish();
  EXPECT_EQ(expected, GetParam());
  EXPECT_EQ(wrong, 0);
}

constexpr auto kBatch = static_cast<std::int64_t>(RowWorker::kBatchRows);
INSTANTIATE_TEST_SUITE_P(Rows, RowWorkerTest,
                         testing::Values(0, 1, kBatch - 1, kBatch, kBatch + 1, 4 * kBatch,
                                         20 * kBatch + 3));

TEST(RowWorkerFailure, IsToldAtTheEnd) {
  RowWorker worker([&](const store::ConnectionRow& given) {
    if (given.id == 2) throw std::runtime_error("two");
  });
  for (std::int64_t id = 1; id <= 10 * kBatch; ++id) worker.add(row(id));
  EXPECT_THROW(worker.finish(), std::runtime_error);
}

TEST(RowWorkerFailure, NobodyNeedsToFinish) {
  std::int64_t seen = 0;
  {
    RowWorker worker([&](const store::ConnectionRow&) { ++seen; });
    for (std::int64_t id = 1; id <= kBatch + 5; ++id) worker.add(row(id));
  }
  EXPECT_EQ(seen, kBatch);
}

}  // namespace
}  // namespace sockwatch::diagnose
