// Keeps a collector at work for as long as the recording lasts.
#pragma once

#include <sys/types.h>

#include <chrono>

#include "viewer/launch/child.h"

namespace sockwatch::launch {

class CollectorKeeper {
 public:
  explicit CollectorKeeper(CollectorOrder order) : order_(std::move(order)) {}

  bool start();             // false: the collector or we have said why
  bool wait_until_ready();  // to be called once after start()

  // After SIGCHLD, and now and then while trying(). A collector that ended although nobody asked is
  // started again at once, as often as that happens, and goes on where it stopped: the rings hold
  // what came meanwhile. One that does not even begin to work is tried again after a pause, longer
  // each time, until kMostFailures of them came in a row.
  void check();
  bool trying() const { return collector_.pid < 0 && lost_ && failures_ < kMostFailures; }

  // Lets it finish and waits until the trace is complete; the process itself may last a little
  // longer. False: what it wrote is not complete.
  bool finish();

  pid_t pid() const { return collector_.pid; }

 private:
  static constexpr int kMostFailures = 30;  // about a minute
  static constexpr int kMostKills = 50;     // in a row, before it was at work
  using Clock = std::chrono::steady_clock;

  bool restart();
  bool is_complete() const;  // the trace: nothing is left to be done

  CollectorOrder order_;
  StartedCollector collector_;
  bool lost_ = false;  // it ended, and no other is at work
  bool told_ = false;
  bool killed_ = false;  // the last one, before it was at work
  int failures_ = 0;     // since one was at work
  Clock::time_point next_try_{};
};

}  // namespace sockwatch::launch
