// Running a program with a time limit, and everything it leaves behind.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace sockwatch::netlab {

struct Command {
  std::vector<std::string> argv;                        // argv[0] is searched in the lab's PATH
  std::map<std::string, std::string> environment = {};  // added to the lab's small environment
  std::chrono::milliseconds limit{20'000};
};

// How a program ended. `out` and `err` hold at most kMaxOutput bytes each; the rest is read and
// dropped.
struct Finished {
  int status = -1;  // as a shell says it: 128 + signal where killed
  bool timed_out = false;
  std::string out;
  std::string err;
  std::chrono::milliseconds elapsed{0};

  static constexpr std::size_t kMaxOutput = std::size_t{4} << 20;
  std::string told() const;  // for failure messages
};

// A running program, leader of a process group of its own. Whoever drops it without waiting kills
// the group.
class Process {
 public:
  Process(pid_t pid, int out_fd, int err_fd, std::chrono::milliseconds limit);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;

  // Until the program ended or its limit is over; then the whole group is killed.
  Finished wait();

 private:
  pid_t pid_;
  int out_fd_;
  int err_fd_;
  std::chrono::steady_clock::time_point started_;
  std::chrono::milliseconds limit_;
};

// In a forked child, instead of returning: becomes `command` with the given streams. Never returns.
[[noreturn]] void become(const Command& command, const std::string& directory, int out_fd,
                         int err_fd);

// The directories programs are looked for in: the distribution's own, whatever the caller's PATH
// says.
extern const char* const kPath;

// Full path of a program, empty where it is not installed.
std::string find_program(const std::string& name);

}  // namespace sockwatch::netlab
