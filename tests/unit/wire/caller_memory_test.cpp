#include "shim/caller_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <memory>

#include "shim/state.h"

namespace sockwatch::shim {
namespace {

constexpr std::size_t kPage = 4096;

// One page that can be read between two that cannot.
class Memory : public ::testing::Test {
 protected:
  Memory()
      : base_(static_cast<char*>(
            mmap(nullptr, 3 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
        page_(base_ + kPage) {
    mprotect(page_, kPage, PROT_READ);
  }
  ~Memory() override { munmap(base_, 3 * kPage); }

  char* base_;
  char* page_;
};

TEST_F(Memory, InsideIsReadable) {
  EXPECT_TRUE(readable(page_, 1));
  EXPECT_TRUE(readable(page_, kPage));
  EXPECT_TRUE(readable(page_ + kPage - 1, 1));
  EXPECT_TRUE(readable(page_ + kPage - 3, 3));
  EXPECT_TRUE(readable(page_ + 5, 110));
}

TEST_F(Memory, OutsideIsNot) {
  EXPECT_FALSE(readable(page_ - 1, 1));
  EXPECT_FALSE(readable(page_ + kPage, 1));
  EXPECT_FALSE(readable(nullptr, 16));
  EXPECT_FALSE(readable(reinterpret_cast<const void*>(8), 16));
  EXPECT_FALSE(readable(reinterpret_cast<const void*>(~std::uintptr_t{0} - 4), 16));
}

TEST_F(Memory, AcrossAnEdgeIsNot) {
  EXPECT_FALSE(readable(page_ - 4, 16));
  EXPECT_FALSE(readable(page_ + kPage - 4, 16));
  EXPECT_FALSE(readable(page_, kPage + 1));
  EXPECT_FALSE(readable(page_ + kPage - 16, 2 * kPage));
}

TEST_F(Memory, OwnStackAndHeapAreReadable) {
  char local[32] = {};
  const auto heap = std::make_unique<char[]>(16);
  EXPECT_TRUE(readable(local, sizeof(local)));
  EXPECT_TRUE(readable(heap.get(), 16));
}

TEST_F(Memory, AskingLeavesErrnoAndTheSignalMaskAlone) {
  sigset_t before;
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  errno = 77;
  EXPECT_TRUE(readable(page_, 16));
  EXPECT_FALSE(readable(base_, 16));
  EXPECT_EQ(errno, 77);
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < 64; ++signal) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
}

TEST_F(Memory, UnderSeccompNothingIsAsked) {
  state::sandboxed = true;
  EXPECT_FALSE(readable(page_, 16));
  state::sandboxed = false;
}

}  // namespace
}  // namespace sockwatch::shim
