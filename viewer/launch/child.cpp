#include "viewer/launch/child.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sockwatch::launch {
namespace {

constexpr int kReadyFd = 3;
constexpr int kStopFd = 4;
constexpr int kFirstFree = 5;

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{std::string("cannot create a pipe: ") + std::strerror(errno), ""};
  }
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> all;
  all.reserve(words.size() + 1);
  for (const std::string& word : words) all.push_back(const_cast<char*>(word.c_str()));
  all.push_back(nullptr);
  return all;
}

Error cannot_fork() {
  return {std::string("cannot start a process: ") + std::strerror(errno),
          "see the limits: ulimit -u, and pids.max of the control group"};
}

ssize_t read_retrying(int fd, void* to, std::size_t bytes) {
  ssize_t got;
  do {
    got = ::read(fd, to, bytes);
  } while (got < 0 && errno == EINTR);
  return got;
}

// Moves both descriptors to where the command line says they are, whatever they are now.
bool place_descriptors(int ready, int stop) {
  const int null = ::open("/dev/null", O_RDWR);
  if (null < 0) return false;
  const int ready_away = ::fcntl(ready, F_DUPFD, kFirstFree);
  const int stop_away = ::fcntl(stop, F_DUPFD, kFirstFree);
  if (ready_away < 0 || stop_away < 0) return false;
  const bool placed = ::dup2(null, 0) >= 0 && ::dup2(null, 1) >= 0 &&
                      ::dup2(ready_away, kReadyFd) >= 0 && ::dup2(stop_away, kStopFd) >= 0;
  // Whatever else we were started with belongs to the program and its peers. Before Linux 5.9 the
  // call does not exist; then the ones of ours close at exec and the others stay open.
  ::syscall(SYS_close_range, kFirstFree, ~0U, 0);
  return placed;
}

}  // namespace

Result<StartedTarget> start_target(const std::string& path, const std::vector<std::string>& words,
                                   const Environment& environment, const SignalInbox& inbox) {
  auto pipe = make_pipe();
  if (!pipe) return pipe.error();
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> variables = pointers(environment);
  const pid_t pid = ::fork();
  if (pid < 0) return cannot_fork();
  if (pid == 0) {
    inbox.restore_in_child();
    ::execvpe(path.c_str(), arguments.data(), variables.data());
    const int error = errno;
    const ssize_t told = ::write(pipe->write.get(), &error, sizeof error);
    ::_exit(told == sizeof error ? 127 : 126);
  }
  pipe->write.reset();
  StartedTarget started{pid, 0};
  if (read_retrying(pipe->read.get(), &started.exec_error, sizeof started.exec_error) > 0) {
    ::waitpid(pid, nullptr, 0);
    started.pid = -1;
  }
  return started;
}

Result<StartedCollector> start_collector(const CollectorOrder& order) {
  auto ready = make_pipe();
  if (!ready) return ready.error();
  auto stop = make_pipe();
  if (!stop) return stop.error();

  std::vector<std::string> words = {"sockwatch",     "collect",
                                    "--dir",         order.run_directory,
                                    "--output",      order.trace_path,
                                    "--ready-fd",    std::to_string(kReadyFd),
                                    "--launcher-fd", std::to_string(kStopFd)};
  if (order.replace) words.emplace_back("--force");
  if (order.resume) words.emplace_back("--resume");
  if (order.redact) words.emplace_back("--redact");
  if (order.all_calls) words.insert(words.end(), {"--detail", "calls"});
  const Environment environment = unrecorded_environment(current_environment());
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> variables = pointers(environment);

  const pid_t pid = ::fork();
  if (pid < 0) return cannot_fork();
  if (pid == 0) {
    // Not setsid: with it the kernel (sched_autogroup) weighs the collector, mostly asleep, against
    // all that runs in our session, and on a busy machine it waits for a processor for a second.
    ::setpgid(0, 0);
    if (place_descriptors(ready->write.get(), stop->read.get())) {
      ::execve("/proc/self/exe", arguments.data(), variables.data());
    }
    ::_exit(126);
  }
  return StartedCollector{pid, std::move(ready->read), std::move(stop->write)};
}

bool wait_for_word(const StartedCollector& collector) {
  char byte = 0;
  return read_retrying(collector.ready.get(), &byte, 1) == 1;
}

int shell_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

void guard_standard_descriptors() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", O_RDWR | O_CLOEXEC);
  }
}

}  // namespace sockwatch::launch
