#include "collector/drain/process.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>
#include <vector>

#include "collector/drain/clock.h"
#include "collector/drain/facts.h"
#include "collector/drain/text_file.h"

namespace sockwatch::drain {
namespace {

constexpr std::size_t kMaxCommandLine = 4096;
constexpr std::size_t kMaxEnvironment = 64 * 1024;

// Start times count from boot and go on through suspend; CLOCK_MONOTONIC does not.
std::int64_t ticks_to_monotonic(std::int64_t ticks) {
  const std::int64_t since_boot = ticks * (kNsPerSecond / sysconf(_SC_CLK_TCK));
  return since_boot - (clock_ns(CLOCK_BOOTTIME) - monotonic_ns());
}

// A pidfd per process could use up all descriptors, and then not even /proc could be asked. The
// last few are left free and those processes are asked about instead.
bool leaves_room(int fd) {
  constexpr rlim_t kReserve = 64;
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
         static_cast<rlim_t>(fd) + kReserve < limit.rlim_cur;
}

// Fields from the third on: the second, the name, is in brackets and may hold anything.
bool parse_stat(const std::string& stat, ProcessFacts& facts) {
  const std::size_t bracket = stat.rfind(')');
  if (bracket == std::string::npos) return false;
  std::istringstream rest(stat.substr(bracket + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  constexpr std::size_t kState = 3 - 3, kPpid = 4 - 3, kThreads = 20 - 3, kStart = 22 - 3;
  if (fields.size() <= kStart) return false;
  // A first thread that ended before the others is a zombie too, and the process goes on.
  facts.dead = (fields[kState] == "Z" || fields[kState] == "X") && fields[kThreads].size() == 1 &&
               fields[kThreads] <= "1";
  facts.ppid = std::strtoll(fields[kPpid].c_str(), nullptr, 10);
  facts.start_ticks = std::strtoll(fields[kStart].c_str(), nullptr, 10);
  facts.started_ns = ticks_to_monotonic(facts.start_ticks);
  return true;
}

std::optional<std::int64_t> parse_real_uid(const std::string& status) {
  constexpr std::string_view kKey = "\nUid:\t";
  const std::size_t at = status.find(kKey);
  if (at == std::string::npos) return std::nullopt;
  std::int64_t uid = 0;
  const char* begin = status.data() + at + kKey.size();
  const auto result = std::from_chars(begin, status.data() + status.size(), uid);
  return result.ec == std::errc{} ? std::optional(uid) : std::nullopt;
}

// "Max open files            1024                 524288               files"
std::optional<std::int64_t> parse_descriptor_limit(const std::string& limits) {
  constexpr std::string_view kKey = "\nMax open files";
  const std::size_t key = limits.find(kKey);
  if (key == std::string::npos) return std::nullopt;
  const std::size_t at = std::min(limits.find_first_not_of(' ', key + kKey.size()), limits.size());
  std::int64_t limit = 0;
  const auto result = std::from_chars(limits.data() + at, limits.data() + limits.size(), limit);
  return result.ec == std::errc{} ? std::optional(limit) : std::nullopt;  // "unlimited"
}

std::string read_exe(pid_t pid) {
  std::string target(4096, '\0');
  const ssize_t length =
      ::readlink(fmt::format("/proc/{}/exe", pid).c_str(), target.data(), target.size());
  target.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return target;
}

}  // namespace

std::optional<ProcessFacts> read_process(pid_t pid) {
  ProcessFacts facts;
  const auto stat = read_text_file(fmt::format("/proc/{}/stat", pid), 4096);
  if (!stat || !parse_stat(*stat, facts)) return std::nullopt;
  if (const auto status = read_text_file(fmt::format("/proc/{}/status", pid), 8192)) {
    facts.uid = parse_real_uid(*status);
  }
  if (const auto limits = read_text_file(fmt::format("/proc/{}/limits", pid), 4096)) {
    facts.descriptor_limit = parse_descriptor_limit(*limits);
  }
  facts.exe = read_exe(pid);
  facts.command_line =
      read_text_file(fmt::format("/proc/{}/cmdline", pid), kMaxCommandLine).value_or("");
  std::string environment =
      read_text_file(fmt::format("/proc/{}/environ", pid), kMaxEnvironment).value_or("");
  environment.resize(environment.rfind('\0') + 1);  // the last entry may be cut
  facts.proxies = proxies_in(environment);
  while (facts.command_line.ends_with('\0')) facts.command_line.pop_back();
  std::replace(facts.command_line.begin(), facts.command_line.end(), '\0', ' ');
  return facts;
}

std::string without_arguments(const std::string& command_line) {
  const std::size_t end = command_line.find(' ');
  return end == std::string::npos ? command_line : command_line.substr(0, end) + " [redacted]";
}

ProcessWatch::ProcessWatch(pid_t pid, std::int64_t existed_at_ns) : pid_(pid) {
  // First the handle, then the facts: if the handle is still alive afterwards, they are about the
  // same process.
  fd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (fd_ && !leaves_room(fd_.get())) fd_.reset();
  facts_ = read_process(pid);
  const bool other_process = facts_ && facts_->started_ns > existed_at_ns;
  const bool nothing_there = !fd_ && !facts_;
  if (other_process) facts_.reset();
  if (other_process || nothing_there || ended()) {
    ended_ = true;
    fd_.reset();
  }
}

bool ProcessWatch::ended() {
  if (ended_) return true;
  if (fd_) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    ended_ = ::poll(&waiting, 1, 0) > 0;
  } else {
    const std::optional<ProcessFacts> now = read_process(pid_);
    ended_ = !now || now->dead || !facts_ || now->start_ticks != facts_->start_ticks;
  }
  return ended_;
}

}  // namespace sockwatch::drain
