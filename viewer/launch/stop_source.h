// When a collector should finish, as one descriptor.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "collector/support/result.h"
#include "viewer/launch/fd.h"

namespace sockwatch::launch {

// A thread that watches what may end a recording:
// - without a launcher: SIGINT, SIGTERM, SIGHUP;
// - with one: a byte from it. Its pipe closed without a byte means that it was killed; the programs
//   go on, so the recording does too until no process records into the directory any more.
class StopSource {
 public:
  // Blocks those signals for the calling thread, which must be the only one. `launcher_fd` may be
  // -1. A collector that has a launcher is not ended by signals.
  StopSource(std::string run_directory, int launcher_fd);
  ~StopSource();  // ends the thread
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  Status start();
  int fd() const { return stop_read_.get(); }  // readable: finish
  bool launcher_is_gone() const { return orphaned_; }

 private:
  void watch();
  void wait_for_recorded_processes();

  std::string run_directory_;
  int launcher_fd_;
  Fd signals_;
  Fd stop_read_, stop_write_;
  Fd quit_read_, quit_write_;
  std::atomic<bool> orphaned_ = false;
  std::thread thread_;
};

}  // namespace sockwatch::launch
