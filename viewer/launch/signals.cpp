#include "viewer/launch/signals.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "viewer/launch/proc.h"

namespace sockwatch::launch {
namespace {

// Held back, they would turn a fault of ours into an endless loop or be lost.
constexpr std::array kNeverHeld = {SIGSEGV, SIGBUS, SIGFPE,  SIGILL,
                                   SIGTRAP, SIGSYS, SIGABRT, SIGPIPE};
constexpr int kMaxDepth = 64;

bool descends_from(pid_t pid, pid_t ancestor) {
  for (int depth = 0; depth < kMaxDepth && pid > 1; ++depth) {
    if (pid == ancestor) return true;
    const auto stat = process_stat(pid);
    if (!stat) return false;
    pid = stat->ppid;
  }
  return false;
}

}  // namespace

Result<SignalInbox> SignalInbox::open() {
  SignalInbox inbox;
  sigset_t held;
  sigfillset(&held);
  for (const int signal : kNeverHeld) sigdelset(&held, signal);
  if (::sigprocmask(SIG_BLOCK, &held, &inbox.old_mask_) != 0) {
    return Error{std::string("cannot block signals: ") + std::strerror(errno), ""};
  }
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, &inbox.old_child_);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, &inbox.old_pipe_);
  inbox.fd_ = Fd(::signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!inbox.fd_) return Error{std::string("cannot watch signals: ") + std::strerror(errno), ""};
  return inbox;
}

std::optional<signalfd_siginfo> SignalInbox::next() {
  signalfd_siginfo info = {};
  ssize_t got;
  do {
    got = ::read(fd_.get(), &info, sizeof info);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return info;
}

void SignalInbox::restore_in_child() const {
  ::sigaction(SIGCHLD, &old_child_, nullptr);
  ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
}

bool asks_to_end(int signal) {
  return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

void forward(const signalfd_siginfo& signal, pid_t target) {
  const int number = static_cast<int>(signal.ssi_signo);
  if (number == SIGCHLD) return;
  // By the kernel (> 0): a key on the terminal, which reaches the whole group. But a terminal that
  // hangs up tells the leader of the session alone.
  if (signal.ssi_code > 0 && number != SIGHUP) return;
  if (descends_from(static_cast<pid_t>(signal.ssi_pid), target)) return;
  if (signal.ssi_code == SI_QUEUE) {
    sigval value = {};
    std::memcpy(&value, &signal.ssi_ptr, sizeof value);
    ::sigqueue(target, number, value);
  } else {
    ::kill(target, number);
  }
}

}  // namespace sockwatch::launch
