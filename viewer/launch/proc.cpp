#include "viewer/launch/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <memory>
#include <string_view>

#include "viewer/launch/fd.h"

namespace sockwatch::launch {
namespace {

constexpr std::size_t kMaxFile = 16u << 20;

std::optional<std::string> read_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 16384> piece;
  while (text.size() < kMaxFile) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string file_of(pid_t pid, const char* name) { return fmt::format("/proc/{}/{}", pid, name); }

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

std::optional<ProcessStat> process_stat(pid_t pid) {
  const std::string text = read_file(file_of(pid, "stat")).value_or("");
  // The name in field 2 may contain anything, also parentheses and blanks.
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  ProcessStat stat;
  long long start_ticks = 0;
  unsigned flags = 0;
  const int fields = std::sscanf(text.c_str() + end_of_name + 1,
                                 " %c %d %d %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                                 "%*s %*s %lld",
                                 &stat.state, &stat.ppid, &stat.group, &flags, &start_ticks);
  if (fields != 5) return std::nullopt;
  constexpr unsigned kKernelThread = 0x00200000;  // PF_KTHREAD, include/linux/sched.h
  stat.kernel_thread = (flags & kKernelThread) != 0;
  stat.start_ticks = start_ticks;
  return stat;
}

bool is_alive(pid_t pid) {
  const auto stat = process_stat(pid);
  return stat && stat->state != 'Z' && stat->state != 'X';
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir("/proc"));
  if (!directory) return pids;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

std::optional<PidMark> pid_mark() {
  // "0.20 0.18 0.12 1/80 11206": the last is the newest number of our namespace.
  const std::string load = read_file("/proc/loadavg").value_or("");
  const std::string counts = read_file("/proc/stat").value_or("");
  const std::size_t newest = load.rfind(' ');
  const std::size_t forks = counts.find("\nprocesses ");
  PidMark mark;
  unsigned long long given_out = 0;
  if (newest == std::string::npos || std::sscanf(load.c_str() + newest, " %d", &mark.newest) != 1 ||
      forks == std::string::npos ||
      std::sscanf(counts.c_str() + forks, "\nprocesses %llu", &given_out) != 1) {
    return std::nullopt;
  }
  mark.given_out = given_out;
  return mark;
}

bool may_have_begun(pid_t pid, const PidMark& after, const PidMark& until) {
  // There are 32,768 numbers or more, unless somebody lowered /proc/sys/kernel/pid_max.
  constexpr std::uint64_t kFewest = 512;
  if (until.given_out < after.given_out || until.given_out - after.given_out >= kFewest)
    return true;
  return after.newest <= until.newest ? pid > after.newest && pid <= until.newest
                                      : pid > after.newest || pid <= until.newest;
}

std::optional<uid_t> process_owner(pid_t pid) {
  struct stat status = {};
  if (::stat(fmt::format("/proc/{}", pid).c_str(), &status) != 0) return std::nullopt;
  return status.st_uid;
}

std::string process_executable(pid_t pid) {
  std::array<char, PATH_MAX> path;
  const ssize_t length = ::readlink(file_of(pid, "exe").c_str(), path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

std::string process_command_line(pid_t pid) {
  std::string text = read_file(file_of(pid, "cmdline")).value_or("");
  while (!text.empty() && text.back() == '\0') text.pop_back();
  for (char& c : text) {
    if (c == '\0') c = ' ';
  }
  return text;
}

std::optional<std::vector<std::string>> process_environment(pid_t pid) {
  const auto text = read_file(file_of(pid, "environ"));
  if (!text) return std::nullopt;
  std::vector<std::string> entries;
  for (std::size_t begin = 0; begin < text->size();) {
    const std::size_t end = std::min(text->find('\0', begin), text->size());
    if (end > begin) entries.push_back(text->substr(begin, end - begin));
    begin = end + 1;
  }
  return entries;
}

std::optional<bool> has_mapped(pid_t pid, const std::string& file_name) {
  const auto maps = read_file(file_of(pid, "maps"));
  if (!maps) return std::nullopt;
  return maps->find("/" + file_name) != std::string::npos;
}

namespace {

struct Mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  bool writable = false;
  std::string_view name;  // empty: memory of no file
};

std::optional<Mapping> read_mapping(std::string_view line) {
  // "7f3a5c1e0000-7f3a5c1e2000 rw-p 0001d000 fe:00 1234   /usr/lib/x.so"
  constexpr int kFieldsBeforeName = 5;
  Mapping mapping;
  const char* end = line.data() + line.size();
  const auto first = std::from_chars(line.data(), end, mapping.begin, 16);
  if (first.ec != std::errc() || first.ptr == end) return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, mapping.end, 16);
  if (second.ec != std::errc()) return std::nullopt;
  std::size_t at = 0;
  for (int field = 0; field < kFieldsBeforeName; ++field) {
    at = line.find(' ', at);
    if (at == std::string_view::npos)
      return field < kFieldsBeforeName - 1 ? std::nullopt : std::optional(mapping);
    if (field == 0) mapping.writable = line.substr(at + 1).starts_with("rw");
    at = line.find_first_not_of(' ', at);
    if (at == std::string_view::npos) return mapping;
  }
  mapping.name = line.substr(at);
  return mapping;
}

// False: not all of it could be read.
bool append_memory(int memory, const Mapping& mapping, std::string& to) {
  constexpr std::uint64_t kMost = 256 * 1024;
  std::string piece(std::min(mapping.end - mapping.begin, kMost), '\0');
  const ssize_t got =
      ::pread(memory, piece.data(), piece.size(), static_cast<off_t>(mapping.begin));
  if (got < 0 || static_cast<std::size_t>(got) != piece.size()) return false;
  to += piece;
  return true;
}

}  // namespace

std::optional<std::string> data_of(pid_t pid, const std::string& file_name) {
  const auto maps = read_file(file_of(pid, "maps"));
  const Fd memory(::open(file_of(pid, "mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (!maps || !memory) return std::nullopt;
  std::string data;
  std::uint64_t behind = 0;  // where what begins as zeros lies behind the file's part
  for (std::size_t at = 0; at < maps->size();) {
    const std::size_t end = std::min(maps->find('\n', at), maps->size());
    const auto mapping = read_mapping(std::string_view(*maps).substr(at, end - at));
    at = end + 1;
    if (!mapping || !mapping->writable) continue;
    const bool of_file = mapping->name.find("/" + file_name) != std::string_view::npos;
    if (!of_file && !(mapping->name.empty() && mapping->begin == behind)) continue;
    if (!append_memory(memory.get(), *mapping, data)) return std::nullopt;
    behind = of_file ? mapping->end : 0;
  }
  if (data.empty()) return std::nullopt;
  return data;
}

std::optional<bool> finds_the_same(pid_t pid, const std::string& path) {
  struct stat ours = {};
  struct stat its = {};
  const std::string root = file_of(pid, "root");
  if (::stat(path.c_str(), &ours) != 0) return std::nullopt;
  if (::stat((root + path).c_str(), &its) == 0) {
    return its.st_dev == ours.st_dev && its.st_ino == ours.st_ino;
  }
  // Of a process that has ended nothing is found either.
  const bool missing = errno == ENOENT || errno == ENOTDIR;
  if (!missing || ::stat(root.c_str(), &its) != 0) return std::nullopt;
  return false;
}

namespace {

// The number behind a name of /proc/PID/status ("\nUid:").
template <class Number>
std::optional<Number> status_field(pid_t pid, const char* name, const char* format) {
  const std::string status = read_file(file_of(pid, "status")).value_or("");
  const std::size_t at = status.find(name);
  Number value = 0;
  if (at == std::string::npos || std::sscanf(status.c_str() + at, format, &value) != 1) return {};
  return value;
}

}  // namespace

std::optional<uid_t> effective_user(pid_t pid) {
  return status_field<unsigned>(pid, "\nUid:", "\nUid: %*u %u");
}

bool is_filtered(pid_t pid) {
  return status_field<unsigned>(pid, "\nSeccomp:", "\nSeccomp: %u").value_or(0) != 0;
}

bool has_more_rights(pid_t pid) {
  const auto user = effective_user(pid);
  if (!user) return false;
  if (*user != ::geteuid()) return true;
  return ::geteuid() != 0 &&
         status_field<unsigned long long>(pid, "\nCapEff:", "\nCapEff: %llx").value_or(0) != 0;
}

}  // namespace sockwatch::launch
