// The terminal while the program has ended and processes it left behind have not.
#pragma once

#include <sys/types.h>

#include <vector>

#include "viewer/launch/fd.h"

namespace sockwatch::launch {

bool has_terminal();  // a controlling one

// What the program left behind is in our process group, so Ctrl-C would end it together with the
// recording; a shell would have taken the terminal back by now. A child of ours, alone in a group
// of its own, holds the foreground in our place and reports what the terminal sends.
class Foreground {
 public:
  Foreground() = default;
  ~Foreground();  // gives the terminal back to our group
  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;

  // `left_behind`: the processes the recording waits for. False where there is no terminal, where
  // it is not ours, or where somebody else is in our group (a pipeline, a script): nothing is
  // changed.
  bool take(const std::vector<pid_t>& left_behind);
  void retake();  // after SIGCONT, if our group is in the foreground again

  int fd() const { return reports_.get(); }
  // Ctrl-C, Ctrl-\ or a hang-up since take(). For Ctrl-Z it stops us, as a shell expects of a job.
  bool asked_to_end();

 private:
  Fd tty_;
  Fd reports_;
  pid_t holder_ = -1;
};

}  // namespace sockwatch::launch
