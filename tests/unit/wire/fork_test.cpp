// A child of any kind starts as a process that has never seen a socket.
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "shim/fd_table.h"
#include "shim/record.h"
#include "tests/unit/wire/recording.h"

namespace sockwatch::shim {
namespace {

class Fork : public test::Recording {
 protected:
  // Runs `child` in a child made by `make`; its result is the exit status.
  template <class Make, class Child>
  static int status_of(Make make, Child child) {
    const auto pid = static_cast<pid_t>(make());
    if (pid == 0) _exit(child());
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

bool publish_one(int fd) {
  Record record(wire::Op::send, fd);
  if (!record) return false;
  record.publish();
  return true;
}

int as_a_new_process() {
  if (fd_table::bits(5) != 0 || process::current().pending != 0) return 1;
  if (fd_table::end() != 0) return 2;
  if (!publish_one(8)) return 3;
  if (!publish_one(9)) return 4;
  if (process::current().segment.load()->pid != getpid()) return 5;
  if (process::is_borrowed(process::current())) return 6;
  return 0;
}

TEST_F(Fork, AChildRecordsIntoASegmentOfItsOwn) {
  ASSERT_TRUE(publish_one(1));
  fd_table::change(5, 0, kTracked | kConnecting);
  const std::string parents = segment_path();
  EXPECT_EQ(status_of([] { return fork(); }, as_a_new_process), 0);
  EXPECT_EQ(test::files_in(directory_).size(), 2U);
  EXPECT_EQ(test::Mapped(parents).slot(0).published.load(), 1U);
  EXPECT_TRUE(fd_table::tracked(5));
  EXPECT_TRUE(publish_one(2));
}

TEST_F(Fork, SoDoesAChildOfARawClone) {
  ASSERT_TRUE(publish_one(1));
  fd_table::change(5, 0, kTracked | kConnecting);
  EXPECT_EQ(status_of([] { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }, as_a_new_process), 0);
  EXPECT_EQ(test::files_in(directory_).size(), 2U);
}

TEST_F(Fork, SoDoesAGrandchild) {
  ASSERT_TRUE(publish_one(1));
  fd_table::change(5, 0, kTracked | kConnecting);
  EXPECT_EQ(status_of([] { return fork(); },
                      [] {
                        if (!publish_one(1)) return 10;
                        fd_table::change(5, 0, kTracked | kConnecting);
                        return status_of([] { return fork(); }, as_a_new_process);
                      }),
            0);
  EXPECT_EQ(test::files_in(directory_).size(), 3U);
}

TEST_F(Fork, TheParentsRingsAreNotThereForAChild) {
  ASSERT_TRUE(publish_one(1));
  wire::Header* header = process::current().segment.load();
  // Private memory in its place, for what a handler that forked may return into.
  EXPECT_EQ(status_of([] { return fork(); },
                      [header] {
                        const bool empty = header->magic.load() == 0;
                        header->pid = 1;
                        return empty ? 0 : 1;
                      }),
            0);
  EXPECT_EQ(header->pid, getpid());
}

TEST_F(Fork, AChildOfVforkIsKnownAsABorrower) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the thread sanitizer makes a fork of vfork";
#endif
  Process* process = process::ensure();
  ASSERT_NE(process, nullptr);
  EXPECT_FALSE(process::is_borrowed(*process));
  volatile bool borrowed = false;
  const pid_t pid = vfork();
  if (pid == 0) {
    borrowed = process::is_borrowed(*process);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(borrowed);
  EXPECT_FALSE(process::is_borrowed(*process));
}

}  // namespace
}  // namespace sockwatch::shim
