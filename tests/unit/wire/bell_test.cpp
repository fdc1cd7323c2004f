// The bell that wakes a sleeping collector.
#include "shim/bell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "shim/express.h"
#include "shim/hooks/sandbox.h"
#include "shim/record.h"
#include "shim/state.h"
#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

constexpr std::uint32_t kArmed = wire::kFirstArmed + 40;

class Bell : public test::Recording {
 protected:
  static void publish_one() {
    Record record(wire::Op::send, 1);
    ASSERT_TRUE(record);
    record.publish();
  }
};

// As a collector does, through a mapping of its own.
void sleep_until_rung(std::atomic<std::uint32_t>& bell) {
  timespec most{20, 0};
  EXPECT_TRUE(syscall(SYS_futex, &bell, FUTEX_WAIT, kArmed, &most, nullptr, 0) == 0 ||
              errno == EAGAIN);
}

TEST_F(Bell, IsSilentAndStaysSoUntilItIsArmed) {
  publish_one();
  publish_one();
  EXPECT_EQ(test::Mapped(segment_path()).header().bell.load(), wire::kSilent);
}

TEST_F(Bell, TheFirstEventWakesWhoeverSleeps) {
  publish_one();
  const test::Mapped mapped(segment_path());
  std::atomic<std::uint32_t>& bell = mapped.header().bell;
  bell = kArmed;
  std::thread collector([&] { sleep_until_rung(bell); });
  publish_one();
  collector.join();
  EXPECT_EQ(bell.load(), wire::kSilent);
  EXPECT_EQ(mapped.drain(0).size(), 2U);
}

TEST_F(Bell, OneWhoWasKilledWhileRingingIsHelped) {
  publish_one();
  const test::Mapped mapped(segment_path());
  std::atomic<std::uint32_t>& bell = mapped.header().bell;
  bell = kArmed | 1U;
  publish_one();
  EXPECT_EQ(bell.load(), wire::kSilent);
}

TEST_F(Bell, ANewRingAnnouncesItselfOnce) {
  publish_one();
  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(0).tell_at.load(), 1 + wire::kRingElements / 4)
      << "the mark of a new slot was reached";
  const std::uint32_t told = mapped.header().told;
  EXPECT_GT(told, 1U);
  publish_one();
  EXPECT_EQ(mapped.header().told.load(), told);
}

TEST_F(Bell, AMarkThatIsReachedIsToldOnce) {
  publish_one();
  const test::Mapped mapped(segment_path());
  std::atomic<std::uint32_t>& told = mapped.header().told;
  const std::uint32_t before = told;
  mapped.slot(0).tell_at = 3;
  publish_one();
  EXPECT_EQ(told.load(), before) << "one more fits";
  EXPECT_EQ(mapped.slot(0).tell_at.load(), 3U);
  std::thread collector([&] {
    timespec most{20, 0};
    EXPECT_TRUE(syscall(SYS_futex, &told, FUTEX_WAIT, before, &most, nullptr, 0) == 0 ||
                errno == EAGAIN);
  });
  publish_one();
  collector.join();
  EXPECT_NE(told.load(), before);
  EXPECT_EQ(mapped.slot(0).tell_at.load(), 3 + wire::kRingElements / 4);
  const std::uint32_t after = told;
  publish_one();
  EXPECT_EQ(told.load(), after);
}

TEST_F(Bell, TheShortWayTellsToo) {
  publish_one();
  const test::Mapped mapped(segment_path());
  mapped.slot(0).tell_at = mapped.slot(0).published + 1;
  const std::uint32_t before = mapped.header().told;
  ASSERT_TRUE(express::publish<1>([](wire::Event& event, wire::Event&, std::uint64_t) {
    event.op = wire::Op::send;
    event.continuation_slots = 0;
  }));
  EXPECT_NE(mapped.header().told.load(), before);
  EXPECT_EQ(mapped.slot(0).tell_at.load(), 2 + wire::kRingElements / 4);
}

TEST_F(Bell, AHalfFullRingIsNotToldAboutAnyMore) {
  publish_one();
  const test::Mapped mapped(segment_path());
  for (std::size_t i = 0; i < wire::kRingElements / 2; ++i) publish_one();
  EXPECT_EQ(mapped.slot(0).tell_at.load(), wire::kTellNever);
}

TEST_F(Bell, ASandboxTakesMarksAwayAndWakes) {
  clock::start();
  publish_one();
  const test::Mapped mapped(segment_path());
  mapped.slot(0).tell_at = 1000;
  const std::uint32_t before = mapped.header().told;
  EXPECT_EQ(sandbox::watch(sandbox::Kind::filter, [] { return 0; }), 0);
  EXPECT_NE(mapped.header().told.load(), before);
  EXPECT_EQ(mapped.slot(0).tell_at.load(), wire::kTellNever);
}

TEST_F(Bell, ASandboxRemovesItAndWakesBefore) {
  clock::start();  // without a vdso a sandbox ends the recording
  publish_one();
  const test::Mapped mapped(segment_path());
  std::atomic<std::uint32_t>& bell = mapped.header().bell;
  const auto fails = [&] {
    EXPECT_EQ(bell.load(), wire::kNoBell);
    return -1;
  };
  EXPECT_EQ(sandbox::watch(sandbox::Kind::filter, fails), -1);
  EXPECT_EQ(bell.load(), wire::kSilent) << "there is no sandbox";

  bell = kArmed;
  std::thread collector([&] { sleep_until_rung(bell); });
  EXPECT_EQ(sandbox::watch(sandbox::Kind::filter, [] { return 0; }), 0);
  collector.join();
  EXPECT_EQ(bell.load(), wire::kNoBell);
  publish_one();
  EXPECT_EQ(bell.load(), wire::kNoBell);
  EXPECT_EQ(sandbox::watch(sandbox::Kind::filter, [] { return -1; }), -1);
  EXPECT_EQ(bell.load(), wire::kNoBell) << "of two filters the first is in force";
  state::sandboxed = false;  // for the other tests
}

}  // namespace
}  // namespace sockwatch::shim
