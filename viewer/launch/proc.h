// Reads /proc. A process may end at any moment and may not be ours to look at: every answer may be
// empty.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sockwatch::launch {

struct ProcessStat {
  pid_t ppid = 0;
  pid_t group = 0;
  bool kernel_thread = false;
  char state = '?';              // as in ps(1): R S D T t Z X I
  std::int64_t start_ticks = 0;  // field 22: since boot; with the pid it names a process for good
};

std::optional<ProcessStat> process_stat(pid_t pid);
bool is_alive(pid_t pid);  // exists and is not a zombie

std::vector<pid_t> all_processes();

// How far the kernel has come with the numbers of processes. It gives them out in turn, from the
// largest on to the smallest again, so two of these say which numbers are new.
struct PidMark {
  pid_t newest = 0;
  std::uint64_t given_out = 0;  // since the machine started, to threads too
};
std::optional<PidMark> pid_mark();
// Whether what has this number may have begun between the marks. Always true where so many have
// begun that numbers may have been used a second time.
bool may_have_begun(pid_t pid, const PidMark& after, const PidMark& until);

std::optional<uid_t> process_owner(pid_t pid);  // effective user
std::string process_executable(pid_t pid);      // empty where we may not look
std::string process_command_line(pid_t pid);    // arguments separated by one space

// As the process was started with; what it changed since is not there.
std::optional<std::vector<std::string>> process_environment(pid_t pid);

// /proc/PID/maps mentions a file with this name. Empty where we may not look.
std::optional<bool> has_mapped(pid_t pid, const std::string& file_name);

// What its memory holds where the file with this name keeps its variables. Empty where there is
// none or we may not read it: that takes more than looking at its maps does.
std::optional<std::string> data_of(pid_t pid, const std::string& file_name);

// Whether the process, by this absolute path, comes to the same file or directory as we. Empty
// where we may not look, or have none there ourselves.
std::optional<bool> finds_the_same(pid_t pid, const std::string& path);

// As /proc/PID/status has it, which everybody may read.
std::optional<uid_t> effective_user(pid_t pid);

// Some system calls of it are refused or end it, by whoever's wish: its own, a container's.
bool is_filtered(pid_t pid);

// It has another effective user than we, or, where we are not root, capabilities.
bool has_more_rights(pid_t pid);

}  // namespace sockwatch::launch
