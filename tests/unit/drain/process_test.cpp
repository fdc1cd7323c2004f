#include "collector/drain/process.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/drain/clock.h"

namespace sockwatch::drain {
namespace {

using testing::HasSubstr;

// A process that waits to be killed.
class Sleeper {
 public:
  Sleeper() : pid_(::fork()) {
    if (pid_ == 0) {
      for (;;) ::pause();
    }
  }
  ~Sleeper() { end(true); }
  pid_t pid() const { return pid_; }
  void end(bool reap) {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | (reap ? 0 : WNOWAIT));
    if (reap) pid_ = -1;
  }

 private:
  pid_t pid_;
};

TEST(ReadProcess, OurselfIsDescribed) {
  const auto facts = read_process(::getpid());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->ppid, ::getppid());
  EXPECT_EQ(facts->uid, static_cast<std::int64_t>(::getuid()));
  EXPECT_THAT(facts->exe, HasSubstr("drain"));
  EXPECT_THAT(facts->command_line, HasSubstr("drain"));
  EXPECT_FALSE(facts->dead);
  EXPECT_GT(facts->start_ticks, 0);
  EXPECT_LE(facts->started_ns, monotonic_ns());
  EXPECT_GT(facts->started_ns, monotonic_ns() - 3600 * kNsPerSecond);
}

TEST(ReadProcess, LimitOfDescriptors) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto facts = read_process(::getpid());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->descriptor_limit, static_cast<std::int64_t>(limit.rlim_cur));
}

TEST(ReadProcess, NobodyIsEmpty) { EXPECT_FALSE(read_process(1 << 30)); }

TEST(ProcessWatch, SeesTheEndAtOnce) {
  Sleeper sleeper;
  ProcessWatch watch(sleeper.pid(), monotonic_ns());
  EXPECT_FALSE(watch.ended());
  ASSERT_TRUE(watch.facts());
  EXPECT_EQ(watch.facts()->ppid, ::getpid());
  ASSERT_GE(watch.fd(), 0) << "needs pidfd_open (Linux 5.3)";
  sleeper.end(false);  // a zombie has ended, even if nobody asked for its status yet
  pollfd waiting{watch.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 5000), 1);
  EXPECT_TRUE(watch.ended());
}

TEST(ProcessWatch, ProcessThatIsGoneHasEnded) {
  Sleeper sleeper;
  const pid_t pid = sleeper.pid();
  sleeper.end(true);
  ProcessWatch watch(pid, monotonic_ns());
  EXPECT_TRUE(watch.ended());
  EXPECT_FALSE(watch.facts());
  EXPECT_EQ(watch.fd(), -1);
}

TEST(ProcessWatch, NumberTakenByALaterProcessIsNotOurs) {
  const Sleeper sleeper;
  const std::int64_t before_it_started = monotonic_ns() - 60 * kNsPerSecond;
  ProcessWatch watch(sleeper.pid(), before_it_started);
  EXPECT_TRUE(watch.ended());
  EXPECT_FALSE(watch.facts()) << "these would be another process's";
}

}  // namespace
}  // namespace sockwatch::drain
