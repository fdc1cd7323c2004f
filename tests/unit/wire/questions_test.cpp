// The count of threads that ask the kernel something.
#include "shim/questions.h"

#include <gtest/gtest.h>

#include <thread>

#include "shim/clock.h"
#include "shim/state.h"

namespace sockwatch::shim {
namespace {

constexpr std::uint64_t kMillisecondNs = 1'000'000;

class QuestionsTest : public testing::Test {
 protected:
  QuestionsTest() { clock::start(); }
  ~QuestionsTest() override { state::sandboxed = false; }
};

TEST_F(QuestionsTest, AreAllowedUntilThereIsASandbox) {
  EXPECT_TRUE(Questions());
  state::sandboxed = true;
  EXPECT_FALSE(Questions());
}

TEST_F(QuestionsTest, OnesUnderWayAreWaitedFor) {
  std::atomic<bool> asks{false}, over{false};
  std::thread other([&] {
    const Questions questions;
    EXPECT_TRUE(questions);
    asks = true;
    while (!state::sandboxed) {
      std::this_thread::yield();
    }
    over = true;
  });
  while (!asks) {
    std::this_thread::yield();
  }
  state::sandboxed = true;
  Questions::wait_until_none();
  EXPECT_TRUE(over);
  other.join();
}

TEST_F(QuestionsTest, OneThatNeverEndsIsNotWaitedForLong) {
  const Questions questions;
  state::sandboxed = true;
  const std::uint64_t begin_ns = clock::now_ns();
  Questions::wait_until_none();
  EXPECT_GE(clock::now_ns() - begin_ns, 200 * kMillisecondNs);
}

}  // namespace
}  // namespace sockwatch::shim
