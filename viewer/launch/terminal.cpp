#include "viewer/launch/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "viewer/launch/proc.h"
#include "viewer/launch/signals.h"

namespace sockwatch::launch {
namespace {

Fd open_terminal() { return Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)); }

// The child: one byte for each signal of the terminal, until it is killed or its parent is gone.
[[noreturn]] void hold(int reports, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  for (;;) {
    int signal = 0;
    if (::sigwait(&all, &signal) != 0) continue;
    const char number = static_cast<char>(signal);
    if (::write(reports, &number, 1) != 1) ::_exit(0);
  }
}

bool is_ours_alone(pid_t group, const std::vector<pid_t>& left_behind) {
  for (const pid_t pid : all_processes()) {
    const auto stat = process_stat(pid);
    if (!stat || stat->group != group || stat->state == 'Z' || pid == ::getpid()) continue;
    if (!std::ranges::binary_search(left_behind, pid)) return false;
  }
  return true;
}

}  // namespace

bool has_terminal() { return static_cast<bool>(open_terminal()); }

bool Foreground::take(const std::vector<pid_t>& left_behind) {
  tty_ = open_terminal();
  const pid_t group = ::getpgrp();
  if (!tty_ || group != ::getpid() || ::tcgetpgrp(tty_.get()) != group) return false;
  if (!is_ours_alone(group, left_behind)) return false;
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return false;
  reports_ = Fd(ends[0]);
  const Fd write(ends[1]);
  const pid_t launcher = ::getpid();
  holder_ = ::fork();
  if (holder_ == 0) hold(write.get(), launcher);
  if (holder_ < 0) return false;
  ::setpgid(holder_, holder_);  // on both sides: whoever comes first
  return ::tcsetpgrp(tty_.get(), holder_) == 0;
}

void Foreground::retake() {
  if (holder_ > 0 && ::tcgetpgrp(tty_.get()) == ::getpgrp()) ::tcsetpgrp(tty_.get(), holder_);
}

bool Foreground::asked_to_end() {
  char number = 0;
  while (reports_ && ::read(reports_.get(), &number, 1) == 1) {
    if (launch::asks_to_end(number)) return true;
    if (number == SIGTSTP) {
      ::tcsetpgrp(tty_.get(), ::getpgrp());
      ::kill(::getpid(), SIGSTOP);
    }
  }
  return false;
}

Foreground::~Foreground() {
  if (holder_ <= 0) return;
  if (::tcgetpgrp(tty_.get()) == holder_) ::tcsetpgrp(tty_.get(), ::getpgrp());
  ::kill(holder_, SIGKILL);
  while (::waitpid(holder_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace sockwatch::launch
