// What the kernel tells about a process, and when it ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "collector/drain/unique_fd.h"

namespace sockwatch::drain {

// From /proc. Text is bytes as found, arguments separated by one space.
struct ProcessFacts {
  std::int64_t start_ticks = 0;  // field 22 of /proc/PID/stat: clock ticks after boot
  std::int64_t started_ns = 0;   // the same on CLOCK_MONOTONIC, to a clock tick (10 ms)
  std::int64_t ppid = 0;
  std::optional<std::int64_t> uid;
  std::optional<std::int64_t> descriptor_limit;  // RLIMIT_NOFILE, the soft one
  std::string exe;                               // empty where it may not be read
  std::string command_line;
  std::string proxies;  // facts.h: proxies_in its environment
  bool dead = false;    // a zombie, or about to be
};

// Empty if there is no such process.
std::optional<ProcessFacts> read_process(pid_t pid);

// "curl [redacted]" of "curl -u me:secret http://x": its arguments may be nobody's business.
std::string without_arguments(const std::string& command_line);

// A process one can wait for: by pidfd (Linux 5.3), else by asking again and again.
class ProcessWatch {
 public:
  // `existed_at_ns`: when the process surely was there (CLOCK_MONOTONIC). One of the same number
  // that started later is another one, and ours has ended.
  ProcessWatch(pid_t pid, std::int64_t existed_at_ns);

  // Readable when the process has ended; -1 if only ended() can tell.
  int fd() const { return fd_.get(); }
  bool ended();

  // Read once, when the watch began; empty if the process was gone by then.
  const std::optional<ProcessFacts>& facts() const { return facts_; }

 private:
  pid_t pid_;
  UniqueFd fd_;
  std::optional<ProcessFacts> facts_;
  bool ended_ = false;
};

}  // namespace sockwatch::drain
