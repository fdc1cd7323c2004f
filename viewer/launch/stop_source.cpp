#include "viewer/launch/stop_source.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "viewer/launch/running.h"

namespace sockwatch::launch {
namespace {

bool make_pipe(Fd& read, Fd& write) {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  read = Fd(ends[0]);
  write = Fd(ends[1]);
  return true;
}

}  // namespace

StopSource::StopSource(std::string run_directory, int launcher_fd)
    : run_directory_(std::move(run_directory)), launcher_fd_(launcher_fd) {}

Status StopSource::start() {
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, signal);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  signals_ = Fd(::signalfd(-1, &ends, SFD_CLOEXEC));
  if (!signals_ || !make_pipe(stop_read_, stop_write_) || !make_pipe(quit_read_, quit_write_)) {
    return Error{std::string("cannot watch for the end: ") + std::strerror(errno), ""};
  }
  thread_ = std::thread([this] { watch(); });
  return {};
}

StopSource::~StopSource() {
  quit_write_.reset();
  if (thread_.joinable()) thread_.join();
}

void StopSource::watch() {
  std::array<pollfd, 2> waits = {
      pollfd{quit_read_.get(), 0, 0},
      pollfd{launcher_fd_ >= 0 ? launcher_fd_ : signals_.get(), POLLIN, 0}};
  while (::poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR) {
  }
  if (waits[0].revents != 0) return;
  char byte = 0;
  if (launcher_fd_ >= 0 && ::read(launcher_fd_, &byte, 1) == 0) {
    orphaned_ = true;
    wait_for_recorded_processes();
  }
  stop_write_.reset();
}

void StopSource::wait_for_recorded_processes() {
  constexpr std::size_t kAtOnce = 64;
  for (;;) {
    const auto pids = processes_recording(run_directory_);
    if (pids.empty()) return;
    std::vector<Fd> ends;
    std::vector<pollfd> waits = {pollfd{quit_read_.get(), 0, 0}};
    for (const pid_t pid : pids) {
      if (ends.size() == kAtOnce) break;
      ends.emplace_back(open_pidfd(pid));
      if (ends.back()) waits.push_back({ends.back().get(), POLLIN, 0});
    }
    // Without a pidfd (Linux before 5.3): look again now and then.
    ::poll(waits.data(), waits.size(), waits.size() > 1 ? -1 : 500);
    if (waits[0].revents != 0) return;
  }
}

}  // namespace sockwatch::launch
