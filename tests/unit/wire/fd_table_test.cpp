#include "shim/fd_table.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <thread>
#include <vector>

#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

class FdTable : public test::Recording {
 protected:
  static std::uint64_t pending() { return process::current().pending; }
};

TEST_F(FdTable, KnowsNothingAtFirst) {
  for (const int fd : {-1, 0, 3, 1023, 1024, 1'048'575, 1'048'576, 2'000'000'000}) {
    EXPECT_EQ(fd_table::bits(fd), 0) << fd;
    EXPECT_FALSE(fd_table::tracked(fd));
  }
  EXPECT_EQ(fd_table::end(), 0);
}

TEST_F(FdTable, PendingFollowsTheBits) {
  EXPECT_EQ(fd_table::change(7, 0, kTracked | kConnecting), 0);
  EXPECT_EQ(pending(), Process::kConnectingOne);
  fd_table::change(7, 0, kConnecting);  // again: nothing new
  EXPECT_EQ(pending(), Process::kConnectingOne);
  fd_table::change(9, 0, kTracked | kAwaiting);
  EXPECT_EQ(pending(), Process::kConnectingOne + Process::kAwaitingOne);
  EXPECT_EQ(fd_table::change(7, kConnecting, kAwaiting), kTracked | kConnecting);
  EXPECT_EQ(pending(), 2 * Process::kAwaitingOne);
  fd_table::forget(7);
  fd_table::forget(9);
  EXPECT_EQ(pending(), 0U);
  EXPECT_EQ(fd_table::end(), 10);
}

TEST_F(FdTable, BeyondItsEndNothingHappens) {
  for (const int fd : {-1, 1'048'576, 2'000'000'000}) {
    EXPECT_EQ(fd_table::change(fd, 0, kTracked | kConnecting), 0);
    EXPECT_EQ(fd_table::detail(fd), nullptr);
    fd_table::born(fd, AF_INET, SOCK_STREAM, 0);
    fd_table::forget(fd);
  }
  EXPECT_EQ(pending(), 0U);
  fd_table::change(1'048'575, 0, kTracked | kConnecting);
  EXPECT_NE(fd_table::detail(1'048'575), nullptr);
  EXPECT_EQ(pending(), Process::kConnectingOne);
}

TEST_F(FdTable, ANewSocketStartsAfresh) {
  fd_table::born(5, AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  Detail* detail = fd_table::detail(5);
  ASSERT_NE(detail, nullptr);
  EXPECT_EQ(detail->type, SOCK_STREAM);
  EXPECT_EQ(detail->protocol, IPPROTO_TCP);
  detail->cookie = 42;
  detail->options = kSendTimeout;
  fd_table::change(5, 0, kTracked | kConnecting | kInEpoll);

  fd_table::born(5, AF_INET6, SOCK_DGRAM, 0);
  EXPECT_EQ(fd_table::bits(5), kBorn);
  EXPECT_EQ(detail->cookie, 0U);
  EXPECT_EQ(detail->options, 0);
  EXPECT_EQ(detail->protocol, IPPROTO_UDP);
  EXPECT_EQ(pending(), 0U);
}

TEST_F(FdTable, ACopyIsTheSameSocketWithWhatIsPending) {
  fd_table::born(5, AF_INET, SOCK_STREAM, 0);
  fd_table::detail(5)->cookie = 42;
  fd_table::change(5, 0, kTracked | kConnecting | kInEpoll | kSent);
  fd_table::change(6, 0, kTracked | kAwaiting);  // what was known of the number is gone
  fd_table::copy(5, 6);
  EXPECT_EQ(fd_table::bits(6), kBorn | kTracked | kConnecting | kSent);
  EXPECT_EQ(fd_table::detail(6)->cookie, 42U);
  EXPECT_EQ(pending(), 2 * Process::kConnectingOne);
  fd_table::forget(5);  // the program only moved it
  EXPECT_EQ(pending(), Process::kConnectingOne);
}

TEST_F(FdTable, ThreadsOnTheSameNumbersKeepTheCountRight) {
  constexpr int kNumbers = 16;
  constexpr int kRounds = 20'000;
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([seed] {
      unsigned random = seed;
      for (int i = 0; i < kRounds; ++i) {
        random = random * 1'664'525U + 1'013'904'223U;
        const int fd = static_cast<int>(random >> 24) % kNumbers;
        const unsigned set = (random >> 8) & (kTracked | kConnecting | kAwaiting);
        const unsigned clear = (random >> 16) & (kTracked | kConnecting | kAwaiting);
        fd_table::change(fd, clear, set);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  std::uint64_t expected = 0;
  for (int fd = 0; fd < kNumbers; ++fd) {
    expected += (fd_table::bits(fd) & kConnecting) != 0 ? Process::kConnectingOne : 0;
    expected += (fd_table::bits(fd) & kAwaiting) != 0 ? Process::kAwaitingOne : 0;
  }
  EXPECT_EQ(pending(), expected);
}

}  // namespace
}  // namespace sockwatch::shim
