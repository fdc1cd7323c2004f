// Keeps a collector at work for as long as the recording lasts.
#pragma once

#include <sys/types.h>

#include "viewer/launch/child.h"

namespace sockwatch::launch {

class CollectorKeeper {
 public:
  explicit CollectorKeeper(CollectorOrder order) : order_(std::move(order)) {}

  bool start();             // false: the collector or we have said why
  bool wait_until_ready();  // to be called once after start()

  // After SIGCHLD. A collector that ended although nobody asked is started again and goes on where
  // it stopped: the rings hold what came meanwhile. After kMaxRestarts we say that recording is
  // over.
  void check();

  // Lets it finish and waits for it. False: what it wrote is not complete.
  bool finish();

  pid_t pid() const { return collector_.pid; }

 private:
  static constexpr int kMaxRestarts = 5;

  CollectorOrder order_;
  StartedCollector collector_;
  int restarts_ = 0;
};

}  // namespace sockwatch::launch
