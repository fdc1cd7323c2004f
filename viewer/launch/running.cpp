#include "viewer/launch/running.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "shim/wire/segment.h"
#include "viewer/launch/proc.h"

namespace sockwatch::launch {
namespace {

void add_owners_of_segments(const std::string& run_directory, std::set<pid_t>& pids) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(run_directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec == std::errc() && name.ends_with(wire::kSegmentSuffix)) pids.insert(pid);
  }
}

}  // namespace

Carries carries_directory(pid_t pid, const std::string& run_directory) {
  const auto environment = process_environment(pid);
  if (!environment) return Carries::no;
  if (environment->empty()) return Carries::not_yet_known;
  const std::string variable = std::string(wire::kDirVariable) + "=" + run_directory;
  return std::ranges::find(*environment, variable) != environment->end() ? Carries::yes
                                                                         : Carries::no;
}

std::vector<pid_t> processes_recording(const std::string& run_directory, std::int64_t since_ticks,
                                       const std::optional<PidMark>& mark) {
  constexpr int kLooks = 5;
  constexpr auto kExecTakes = std::chrono::milliseconds(1);
  std::set<pid_t> found;
  add_owners_of_segments(run_directory, found);
  std::vector<pid_t> unknown = all_processes();
  if (const auto now = mark ? pid_mark() : std::nullopt) {  // after the numbers were read
    std::erase_if(unknown, [&](pid_t pid) { return !may_have_begun(pid, *mark, *now); });
  }
  std::erase_if(unknown, [&](pid_t pid) {
    if (process_owner(pid) != ::geteuid()) return true;
    const auto stat = process_stat(pid);
    return !stat || stat->kernel_thread || stat->start_ticks < since_ticks;
  });
  for (int look = 0; look < kLooks && !unknown.empty(); ++look) {
    if (look > 0) std::this_thread::sleep_for(kExecTakes);
    std::erase_if(unknown, [&](pid_t pid) {
      const Carries answer = carries_directory(pid, run_directory);
      if (answer == Carries::yes) found.insert(pid);
      return answer != Carries::not_yet_known || !is_alive(pid);
    });
  }
  found.erase(::getpid());
  // A number from the name of a segment may be one of another PID namespace, and here somebody
  // else's.
  std::erase_if(found, [&](pid_t pid) {
    const auto stat = process_stat(pid);
    return !stat || stat->kernel_thread || stat->start_ticks < since_ticks || !is_alive(pid);
  });
  return {found.begin(), found.end()};
}

int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

std::string list_pids(const std::vector<pid_t>& pids) {
  constexpr std::size_t kShown = 5;
  const std::vector<pid_t> shown(pids.begin(),
                                 pids.size() > kShown ? pids.begin() + kShown : pids.end());
  return fmt::format("{}{}", fmt::join(shown, ", "), pids.size() > kShown ? ", ..." : "");
}

}  // namespace sockwatch::launch
