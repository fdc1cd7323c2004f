#include "collector/drain/pid_namespace.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>

#include "collector/drain/text_file.h"

namespace sockwatch::drain {
namespace {

namespace fs = std::filesystem;

// 0 where it may not be looked at.
std::uint64_t namespace_of(std::string_view process) {
  struct stat found {};
  return ::stat(fmt::format("/proc/{}/ns/pid", process).c_str(), &found) == 0 ? found.st_ino : 0;
}

// The number by which a process knows itself, if it has another one for us; else 0.
pid_t own_number(std::string_view process) {
  constexpr std::string_view kKey = "\nNSpid:";
  const auto status = read_text_file(fmt::format("/proc/{}/status", process), 8192);
  const std::size_t key = status ? status->find(kKey) : std::string::npos;
  if (key == std::string::npos) return 0;
  const std::size_t begin = key + kKey.size();
  std::istringstream numbers(status->substr(begin, status->find('\n', begin) - begin));
  pid_t last = 0;
  int count = 0;
  for (pid_t number = 0; numbers >> number; ++count) last = number;
  return count > 1 ? last : 0;
}

}  // namespace

pid_t pid_here(pid_t pid, std::uint64_t pid_namespace) {
  static const std::uint64_t ours = namespace_of("self");
  if (pid_namespace == 0 || ours == 0 || pid_namespace == ours) return pid;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t number = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
    if (own_number(name) != pid) continue;
    const std::uint64_t theirs = namespace_of(name);
    if (theirs == 0 || theirs == pid_namespace) return number;
  }
  return 0;
}

}  // namespace sockwatch::drain
