// Events under way, and the section in which they are pushed: signals and jumps may hit both.
#include <alloca.h>
#include <setjmp.h>
#include <signal.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <thread>
#include <vector>

#include "shim/record.h"
#include "shim/segment.h"
#include "shim/thread.h"
#include "shim/waits.h"
#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

class Section : public test::Recording {
 protected:
  ~Section() override { signal(SIGUSR1, SIG_DFL); }

  // What a thread left in its small ring and, if it moved, in the large one. Fails the test where
  // an event is missing or there twice.
  std::vector<wire::Event> take_all(const test::Mapped& mapped) {
    std::vector<wire::Event> all;
    for (const std::size_t ring : {std::size_t{0}, wire::kSmallSlots}) {
      if (mapped.slot(ring).state.load() == wire::kNeverUsed) continue;
      for (const wire::Event& event : mapped.drain(ring)) {
        EXPECT_EQ(event.sequence, next_sequence_[ring]);
        next_sequence_[ring] = event.sequence + 1;
        all.push_back(event);
      }
      EXPECT_EQ(next_sequence_[ring], mapped.slot(ring).published.load());
      EXPECT_EQ(mapped.slot(ring).recording_since_ns.load(), 0U);
    }
    return all;
  }

 private:
  std::map<std::size_t, std::uint64_t> next_sequence_;
};

std::size_t count_of(const std::vector<wire::Event>& events, int fd) {
  return static_cast<std::size_t>(
      std::ranges::count_if(events, [fd](const wire::Event& event) { return event.fd == fd; }));
}

bool publish_one(int fd) {
  Record record(wire::Op::send, fd);
  if (!record) return false;
  record.publish();
  return true;
}

volatile bool recorded_in_handler = false;
void record_in_handler(int) { recorded_in_handler = publish_one(99); }

sigjmp_buf away;
void jump_away(int) { siglongjmp(away, 1); }

[[gnu::noinline]] void leave_section_by_jump() {
  if (sigsetjmp(away, 1) == 0) {
    // Below our caller's frames, as a hook would be.
    auto* deeper = static_cast<volatile char*>(alloca(512));
    deeper[0] = 0;
    Record record(wire::Op::send, 1);
    ASSERT_TRUE(record);
    raise(SIGUSR1);
    record.publish();
    FAIL() << "the handler returned";
  }
}

TEST_F(Section, ASignalHandlerDuringAnEventRecordsItsOwn) {
  signal(SIGUSR1, record_in_handler);
  recorded_in_handler = false;
  Record record(wire::Op::send, 1);
  ASSERT_TRUE(record);
  raise(SIGUSR1);
  EXPECT_TRUE(recorded_in_handler);
  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(0).recording_since_ns.load(), record.event().t_ns) << "still under way";
  record.publish();
  EXPECT_EQ(mapped.slot(0).recording_since_ns.load(), 0U);
  EXPECT_EQ(lost(wire::Loss::nested), 0U);
  const auto slots = test::Mapped(segment_path()).drain(0);
  ASSERT_EQ(slots.size(), 2U);
  EXPECT_EQ(slots[0].fd, 99);
  EXPECT_EQ(slots[1].fd, 1);
  EXPECT_EQ(slots[1].sequence, 1U);
}

#if defined(__x86_64__)
// A handler after every single instruction of a publication.
volatile int attempts = 0;
void record_at_every_step(int) {
  publish_one(99);
  attempts = attempts + 1;
}
constexpr long kTrapFlag = 0x100;
void single_step(bool on) {
  long flags = 0;
  __asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
  flags = on ? flags | kTrapFlag : flags & ~kTrapFlag;
  __asm__ volatile("pushq %0; popfq" : : "r"(flags) : "memory", "cc");
}

TEST_F(Section, NothingTearsWhereverAHandlerComes) {
#ifdef __SANITIZE_THREAD__
  // Its runtime holds signals back and takes thousands of instructions a memory access: each of
  // them a trap, and no end in sight.
  GTEST_SKIP() << "single steps through the thread sanitizer's runtime do not end";
#endif
  ASSERT_TRUE(publish_one(0));
  signal(SIGTRAP, record_at_every_step);
  single_step(true);
  const bool recorded = publish_one(1);
  single_step(false);
  signal(SIGTRAP, SIG_DFL);
  EXPECT_TRUE(recorded);
  ASSERT_GT(attempts, 100);
  ASSERT_TRUE(publish_one(2));
  const auto slots = take_all(test::Mapped(segment_path()));
  const std::size_t of_handlers = count_of(slots, 99);
  EXPECT_GT(lost(wire::Loss::nested), 0U);
  EXPECT_EQ(slots.size(), of_handlers + 3);
  EXPECT_EQ(of_handlers + lost(wire::Loss::nested), static_cast<std::size_t>(attempts));
}

// The short way: a wait without a list.
void wait_once() {
  waits::epolled({{wire::Op::epoll_wait, wire::kHasStart, 7}, 1, 1}, 1000, {1, 0});
}

TEST_F(Section, NothingTearsOnTheShortWayWhereverAHandlerComes) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "single steps through the thread sanitizer's runtime do not end";
#endif
  ASSERT_TRUE(publish_one(0));
  attempts = 0;
  signal(SIGTRAP, record_at_every_step);
  single_step(true);
  wait_once();
  single_step(false);
  signal(SIGTRAP, SIG_DFL);
  ASSERT_GT(attempts, 50);
  ASSERT_TRUE(publish_one(2));
  const auto slots = take_all(test::Mapped(segment_path()));
  const std::size_t of_handlers = count_of(slots, 99);
  EXPECT_EQ(count_of(slots, 7), 1U);
  EXPECT_EQ(slots.size(), of_handlers + 3);
  EXPECT_EQ(of_handlers + lost(wire::Loss::nested), static_cast<std::size_t>(attempts));
}

volatile int steps_left = 0;
void jump_away_at_last(int) {
  steps_left = steps_left - 1;
  if (steps_left == 0) siglongjmp(away, 1);
}

// False: there was no such step.
[[gnu::noinline]] bool jump_out_of_a_wait(int step) {
  if (sigsetjmp(away, 1) != 0) return true;
  // Below our caller's frames, as a hook would be.
  auto* deeper = static_cast<volatile char*>(alloca(512));
  deeper[0] = 0;
  steps_left = step;
  single_step(true);
  wait_once();
  single_step(false);
  return false;
}

#ifdef __SANITIZE_ADDRESS__
constexpr int kStride = 41;  // most instructions are the sanitizer's own, and each takes a run
#else
constexpr int kStride = 1;
#endif

constexpr std::size_t kSteps = 400;  // more than either event takes

// The handlers fill the first half of the thread's ring, so that one of them moves it to a large
// one: each time a step earlier, until that is before the event they interrupt.
void record_while_moving(void (*event)(), std::size_t before) {
  for (std::size_t i = 0; i < before; ++i) ASSERT_TRUE(publish_one(0));
  signal(SIGTRAP, record_at_every_step);
  single_step(true);
  event();
  single_step(false);
  signal(SIGTRAP, SIG_DFL);
  ASSERT_TRUE(publish_one(2));
}

void publish_once() { publish_one(7); }

TEST_F(Section, NothingTearsWhereverAHandlerMovesTheThreadToALargeRing) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "single steps through the thread sanitizer's runtime do not end";
#endif
  ASSERT_TRUE(publish_one(0));
  const test::Mapped mapped(segment_path());
  ASSERT_EQ(take_all(mapped).size(), 1U);
  thread::release_slot();
  int moved = 0;
  for (void (*event)() : {&wait_once, &publish_once}) {
    for (std::size_t missing = 0; missing < kSteps; missing += kStride + 1) {
      mapped.slot(0).tell_at.store(1);
      attempts = 0;
      const std::uint64_t nested = lost(wire::Loss::nested);
      const std::size_t before = wire::kRingElements / 2 - missing;
      std::thread(record_while_moving, event, before).join();
      const auto slots = take_all(mapped);
      moved += mapped.slot(wire::kSmallSlots).state.load() == wire::kFree ? 1 : 0;
      const std::size_t of_handlers = count_of(slots, 99);
      ASSERT_EQ(count_of(slots, 7), 1U)
          << missing << (event == &wait_once ? " before a wait" : " before a send");
      ASSERT_EQ(slots.size(), before + of_handlers + 2) << missing;
      ASSERT_EQ(of_handlers + lost(wire::Loss::nested) - nested, static_cast<std::size_t>(attempts))
          << missing;
    }
  }
  EXPECT_GT(moved, 0);
}

TEST_F(Section, AJumpOutOfTheShortWayAtAnyInstructionSilencesNobody) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "single steps through the thread sanitizer's runtime do not end";
#endif
  ASSERT_TRUE(publish_one(0));
  const test::Mapped mapped(segment_path());
  (void)mapped.drain(0);
  signal(SIGTRAP, jump_away_at_last);
  std::uint64_t sequence = 1;
  int step = 1;
  for (; step < 20'000 && jump_out_of_a_wait(step); step += kStride) {
    ASSERT_TRUE(publish_one(step)) << "after a jump at step " << step;
    wait_once();
    ASSERT_EQ(mapped.slot(0).recording_since_ns.load(), 0U) << step;
    const auto slots = mapped.drain(0);
    ASSERT_GE(slots.size(), 2U) << step;
    ASSERT_LE(slots.size(), 3U) << step;
    for (const wire::Event& slot : slots) ASSERT_EQ(slot.sequence, sequence++) << step;
    ASSERT_EQ(slots.back().fd, 7) << step;
    ASSERT_EQ(slots[slots.size() - 2].fd, step);
  }
  signal(SIGTRAP, SIG_DFL);
  EXPECT_GT(step, 50);
  EXPECT_EQ(lost(wire::Loss::nested), 0U);
}
#endif

TEST_F(Section, ASignalHandlerOutsideItRecords) {
  signal(SIGUSR1, record_in_handler);
  recorded_in_handler = false;
  ASSERT_TRUE(publish_one(1));
  raise(SIGUSR1);
  EXPECT_TRUE(recorded_in_handler);
  EXPECT_EQ(lost(wire::Loss::nested), 0U);
}

TEST_F(Section, AHandlerOnAnotherStackRecordsItsOwn) {
  std::vector<char> memory(256 * 1024);
  stack_t stack{};
  stack.ss_sp = memory.data();
  stack.ss_size = memory.size();
  stack_t before{};
  ASSERT_EQ(sigaltstack(&stack, &before), 0);
  struct sigaction action {};
  action.sa_handler = record_in_handler;
  action.sa_flags = SA_ONSTACK;
  ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  recorded_in_handler = false;
  Record record(wire::Op::send, 1);
  ASSERT_TRUE(record);
  raise(SIGUSR1);
  EXPECT_TRUE(recorded_in_handler);
  const test::Mapped mapped(segment_path());
  EXPECT_EQ(mapped.slot(0).recording_since_ns.load(), record.event().t_ns) << "still under way";
  record.publish();
  EXPECT_EQ(mapped.slot(0).recording_since_ns.load(), 0U);
  EXPECT_EQ(lost(wire::Loss::nested), 0U);
  sigaltstack(&before, nullptr);
}

TEST_F(Section, AJumpOutOfItDoesNotSilenceTheThread) {
  ASSERT_TRUE(publish_one(0));
  signal(SIGUSR1, jump_away);
  leave_section_by_jump();
  EXPECT_TRUE(publish_one(2));
  EXPECT_TRUE(publish_one(3));
  const auto slots = test::Mapped(segment_path()).drain(0);
  ASSERT_EQ(slots.size(), 3U);
  for (std::size_t i = 0; i < slots.size(); ++i) EXPECT_EQ(slots[i].sequence, i);
  EXPECT_EQ(slots[1].fd, 2);
}

}  // namespace
}  // namespace sockwatch::shim
