// A confined collector: what it can no longer do, and that it can do all it has to.
#include "collector/drain/confine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "collector/drain/text_file.h"
#include "tests/unit/drain/collect_fixture.h"

namespace sockwatch::drain {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

#ifdef __SANITIZE_ADDRESS__
constexpr bool kHasFilter = false;
#else
constexpr bool kHasFilter = true;
#endif

// The names of what is not as wanted, told by a confined child.
std::string in_confined_child(const std::function<std::string()>& look) {
  int pipe_fds[2];
  if (::pipe(pipe_fds) != 0) return "no pipe";
  const pid_t pid = ::fork();
  if (pid == 0) {
    const Status confined = confine();
    const std::string text = confined ? look() : confined.error().message;
    const bool told =
        ::write(pipe_fds[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(told ? 0 : 1);
  }
  ::close(pipe_fds[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(pipe_fds[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe_fds[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0) text += fmt::format(" status {:#x}", status);
  return text;
}

TEST(Confine, NoNetworkNoProgramNoOtherProcess) {
  if (!kHasFilter) GTEST_SKIP() << "no filter under the address sanitizer";
  const auto look = [] {
    std::string allowed;
    const auto refused = [&](const char* name, long result) {
      if (result != -1 || errno != EPERM)
        allowed += fmt::format("{} ({}, {}) ", name, result, errno);
    };
    sockaddr_in somewhere{};
    somewhere.sin_family = AF_INET;
    char byte = 'x';
    iovec vector{&byte, 1};
    char* const words[] = {nullptr};
    refused("socket", ::socket(AF_INET, SOCK_STREAM, 0));
    refused("unix socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
    // EBADF or EFAULT without the filter: these are refused before the kernel looks at anything.
    refused("connect", ::connect(-1, reinterpret_cast<sockaddr*>(&somewhere), sizeof somewhere));
    refused("sendto", ::sendto(-1, &byte, 1, 0, nullptr, 0));
    refused("execve", ::execve("/nowhere", words, words));
    refused("execveat", ::syscall(SYS_execveat, -1, "/nowhere", words, words, 0));
    refused("fork", ::fork());
    refused("raw fork", ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    refused("ptrace", ::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr));
    refused("process_vm_readv", ::process_vm_readv(::getpid(), &vector, 1, &vector, 1, 0));
    refused("kill", ::kill(::getppid(), 0));
    refused("unshare", ::syscall(SYS_unshare, 0));
    refused("mount", ::mount("", "", "", 0, nullptr));
    refused("bpf", ::syscall(SYS_bpf, -1, 0, 0));
    refused("io_uring", ::syscall(SYS_io_uring_setup, 0, nullptr));
    // Not by the function: it asks every thread, and one of the thread sanitizer's is older than
    // the filter.
    refused("setuid", ::syscall(SYS_setuid, ::getuid()));
    refused("typing", ::ioctl(-1, TIOCSTI, &byte));
    if (::syscall(SYS_clone3, nullptr, 0) != -1 || errno != ENOSYS) allowed += "clone3 ";
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) allowed += "new privileges ";
    return allowed;
  };
  EXPECT_EQ(in_confined_child(look), "");
}

TEST(Confine, ThreadsAndOrdinaryFilesAreLeft) {
  const auto look = [] {
    std::string missing;
    bool ran = false;
    std::thread([&] { ran = true; }).join();
    if (!ran) missing += "thread ";
    if (::ioctl(-1, FIONREAD, nullptr) != -1 || errno != EBADF) missing += "other ioctls ";
    if (::syscall(SYS_pidfd_open, ::getppid(), 0) < 0 && errno != ENOSYS) missing += "pidfd ";
    if (!read_text_file("/proc/self/stat", 4096)) missing += "proc ";
    return missing;
  };
  EXPECT_EQ(in_confined_child(look), "");
}

// All of it: watching, draining, notes, snapshots, the trace, processes that live and that end.
TEST_F(CollectTest, AConfinedCollectorRecordsEverything) {
  Target target([&](int step) {
    publish_connected(producer(), 0, 10 + step, static_cast<std::uint16_t>(1 + step));
  });
  int stop[2], ready[2];
  ASSERT_EQ(::pipe2(stop, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t collector = ::fork();
  if (collector == 0) {
    ::close(stop[1]);
    if (!confine()) ::_exit(2);
    CollectOptions options{run_.path(), trace_,  store::OpenMode::create,
                           false,       stop[0], telling(ready[1])};
    options.snapshot_bytes = 1;
    ::_exit(collect(options) ? 0 : 1);
  }
  ::close(stop[0]);
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1) << "the collector did not start";
  ::close(ready[0]);
  for (int step = 0; step < 3; ++step) {
    target.step();
    EXPECT_TRUE(eventually([&] {
      read_trace();
      return outcome(1 + step) == "connected";
    }));
  }
  target.kill();
  EXPECT_TRUE(eventually([&] { return segments() == 0; }));
  ::close(stop[1]);
  int status = -1;
  ::waitpid(collector, &status, 0);
  EXPECT_EQ(status, 0);
  read_trace();
  ASSERT_THAT(processes_, SizeIs(1));
  EXPECT_TRUE(processes_[0].ended_ns);
  EXPECT_TRUE(processes_[0].start_ticks) << "read from /proc";
  EXPECT_TRUE(facts_.contains("tcp_syn_retries"));
  EXPECT_TRUE(facts_.contains("finished"));
  EXPECT_THAT(connections_, SizeIs(3));
  EXPECT_THAT(losses_, IsEmpty());
}

}  // namespace
}  // namespace sockwatch::drain
