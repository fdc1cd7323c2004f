// The launcher's signals: all that can be caught are held back and read one by one, so the launcher
// neither dies before the recording is finished nor takes what was meant for the program it
// started.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <optional>

#include "collector/support/result.h"
#include "viewer/launch/fd.h"

namespace sockwatch::launch {

class SignalInbox {
 public:
  // Blocks signals for the calling thread, which must be the only one. Also: SIGCHLD is put to its
  // default (a parent may have left it ignored, and then nobody could wait for a child) and SIGPIPE
  // is ignored. Nothing is restored in this process.
  static Result<SignalInbox> open();

  int fd() const { return fd_.get(); }
  std::optional<signalfd_siginfo> next();  // does not block

  // In a forked child, before exec: mask and dispositions as they were found by open().
  void restore_in_child() const;

 private:
  Fd fd_;
  sigset_t old_mask_ = {};
  struct sigaction old_child_ = {};
  struct sigaction old_pipe_ = {};
};

// Signals that a terminal or kill(1) sends to stop, to end or to tell the program something.
bool asks_to_end(int signal);  // SIGINT SIGTERM SIGHUP SIGQUIT

// Gives the program a signal that was sent to the launcher alone. What the terminal sent (both are
// in its foreground group) and what the program's own descendants sent has reached it already.
void forward(const signalfd_siginfo& signal, pid_t target);

}  // namespace sockwatch::launch
