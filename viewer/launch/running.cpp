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
#include "viewer/launch/library.h"
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

// Whether the library in it was started with this directory: it keeps a copy in its data. Empty
// where memory may not be read, as where Yama allows that of descendants alone.
std::optional<bool> library_holds(pid_t pid, const std::string& run_directory) {
  const auto data = data_of(pid, kLibraryName);
  if (!data) return std::nullopt;
  return data->find(run_directory + '\0') != std::string::npos;
}

// No other run directory is there that it could belong to.
bool is_only_recording(const std::string& run_directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path ours(run_directory);
  const std::string name = ours.filename().string();
  const std::string start = name.substr(0, name.find_last_of('-') + 1);
  for (fs::directory_iterator it(ours.parent_path(), error), end; !error && it != end;
       it.increment(error)) {
    const std::string other = it->path().filename().string();
    if (other != name && !start.empty() && other.starts_with(start)) return false;
  }
  return !error;
}

}  // namespace

Carries carries_directory(pid_t pid, const std::string& run_directory) {
  const auto environment = process_environment(pid);
  if (!environment) return Carries::no;
  const std::string variable = std::string(wire::kDirVariable) + "=";
  const auto ours = std::ranges::find_if(
      *environment, [&](const std::string& entry) { return entry.starts_with(variable); });
  if (ours != environment->end()) {
    return ours->substr(variable.size()) == run_directory ? Carries::yes : Carries::no;
  }
  // Servers write their title over it. What the library took from it is its own.
  if (has_mapped(pid, kLibraryName).value_or(false)) {
    return library_holds(pid, run_directory).value_or(is_only_recording(run_directory))
               ? Carries::yes
               : Carries::no;
  }
  return environment->empty() ? Carries::not_yet_known : Carries::no;
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
