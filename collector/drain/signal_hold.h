// Keeps the signals a write can raise away from the calling thread while it lives: SIGPIPE (the
// other end of stderr or of a pipe is gone) and SIGXFSZ (the trace hits a file size limit). The
// write then fails with an errno, which is dealt with where it happens.
#pragma once

#include <signal.h>

#include <ctime>

namespace sockwatch::drain {

class SignalHold {
 public:
  SignalHold() {
    sigemptyset(&held_);
    sigaddset(&held_, SIGPIPE);
    sigaddset(&held_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &held_, &before_);
  }
  ~SignalHold() {
    // What came meanwhile was ours.
    for (const int signal_number : {SIGPIPE, SIGXFSZ}) {
      if (sigismember(&before_, signal_number) == 1) sigdelset(&held_, signal_number);
    }
    constexpr timespec kNoWait{};
    while (sigtimedwait(&held_, nullptr, &kNoWait) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SignalHold(const SignalHold&) = delete;
  SignalHold& operator=(const SignalHold&) = delete;

 private:
  sigset_t held_{};
  sigset_t before_{};
};

}  // namespace sockwatch::drain
