// The record section: a few hundred nanoseconds that signals and jumps may hit.
#include <alloca.h>
#include <setjmp.h>
#include <signal.h>

#include <cstring>
#include <vector>

#include "shim/record.h"
#include "shim/segment.h"
#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

class Section : public test::Recording {
 protected:
  ~Section() override { signal(SIGUSR1, SIG_DFL); }
};

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

TEST_F(Section, ASignalHandlerInsideItPassesThroughAndIsCounted) {
  signal(SIGUSR1, record_in_handler);
  recorded_in_handler = true;
  Record record(wire::Op::send, 1);
  ASSERT_TRUE(record);
  raise(SIGUSR1);
  EXPECT_FALSE(recorded_in_handler);
  record.publish();
  EXPECT_EQ(lost(wire::Loss::nested), 1U);
  const auto slots = test::Mapped(segment_path()).drain(0);
  ASSERT_EQ(slots.size(), 1U);
  EXPECT_EQ(slots[0].fd, 1);
}

TEST_F(Section, ASignalHandlerOutsideItRecords) {
  signal(SIGUSR1, record_in_handler);
  recorded_in_handler = false;
  ASSERT_TRUE(publish_one(1));
  raise(SIGUSR1);
  EXPECT_TRUE(recorded_in_handler);
  EXPECT_EQ(lost(wire::Loss::nested), 0U);
}

TEST_F(Section, AHandlerOnAnotherStackInsideItPassesThrough) {
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
  recorded_in_handler = true;
  Record record(wire::Op::send, 1);
  ASSERT_TRUE(record);
  raise(SIGUSR1);
  EXPECT_FALSE(recorded_in_handler);
  record.publish();
  EXPECT_EQ(lost(wire::Loss::nested), 1U);
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
