// A process under observation, played by a fork of the test: it does what it is told by calls on
// this side.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "tests/unit/drain/producer.h"

namespace sockwatch::drain {

class Target {
 public:
  // Forks at once, so before the test has threads. In the child `work` runs step by step: it is
  // called with 0, 1, 2, ... each time step() is, until the process is killed.
  using Work = std::function<void(int step)>;
  explicit Target(Work work);
  ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  pid_t pid() const { return pid_; }
  void step();  // returns when the child has done it
  void kill();  // SIGKILL, and reaps

 private:
  pid_t pid_ = -1;
  int order_fd_ = -1;
  int done_fd_ = -1;
};

// The events of typical connections.
void publish_refused(const Producer& producer, std::size_t slot, int fd, std::uint16_t port);
void publish_connected(const Producer& producer, std::size_t slot, int fd, std::uint16_t port);
void publish_connecting(const Producer& producer, std::size_t slot, int fd, std::uint16_t port);

}  // namespace sockwatch::drain
