#include "tests/preload/run_program.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <thread>

namespace sockwatch::preload {
namespace {

std::uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// A file that is gone with its descriptor.
class Capture {
 public:
  Capture() : fd_(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {
    if (fd_ < 0)
      throw std::system_error(errno, std::generic_category(), "a temporary file in /tmp");
  }
  ~Capture() { close(fd_); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  int fd() const { return fd_; }

  std::string text() const {
    std::string text;
    std::array<char, 4096> block;
    off_t at = 0;
    for (ssize_t got; (got = pread(fd_, block.data(), block.size(), at)) > 0; at += got) {
      text.append(block.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int fd_;
};

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

[[noreturn]] void become(const Command& command, const Capture& out, const Capture& err) {
  setpgid(0, 0);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(out.fd(), STDOUT_FILENO);
  dup2(err.fd(), STDERR_FILENO);
  closefrom(3);
  if (command.user != 0 &&
      (setgroups(0, nullptr) != 0 || setgid(command.user) != 0 || setuid(command.user) != 0)) {
    _exit(126);
  }
  execve(command.arguments.front().c_str(), pointers(command.arguments).data(),
         pointers(command.environment).data());
  _exit(127);
}

int await(pid_t child, std::chrono::steady_clock::time_point deadline, bool& timed_out) {
  for (int status = 0;;) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (ended < 0 && errno != EINTR) return -1;
    if (!timed_out && std::chrono::steady_clock::now() > deadline) {
      timed_out = true;
      kill(-child, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

ProgramRun run_program(const Command& command) {
  const Capture out;
  const Capture err;
  ProgramRun run;
  run.started_ns = monotonic_ns();
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) become(command, out, err);
  run.status = await(child, std::chrono::steady_clock::now() + command.limit, run.timed_out);
  run.ended_ns = monotonic_ns();
  run.out = out.text();
  run.err = err.text();
  return run;
}

}  // namespace sockwatch::preload
