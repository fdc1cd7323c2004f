#include "collector/drain/run_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "collector/drain/collect.h"
#include "collector/drain/system_error.h"
#include "collector/support/clean_text.h"
#include "shim/wire/segment.h"

namespace sockwatch::drain {
namespace {

constexpr mode_t kForEverybody = S_ISVTX | S_IWOTH;  // like /tmp
constexpr std::string_view kHint = "create it with: mkdir -m 0700 DIR";

// One segment with a few rings.
constexpr std::uint64_t kLeastSpace = 64 * 1024;

// Unlimited where the file system has no limit or cannot be asked.
std::uint64_t free_bytes(const std::string& path) {
  struct statvfs space = {};
  if (::statvfs(path.c_str(), &space) != 0 || space.f_blocks == 0) return ~std::uint64_t{0};
  return std::uint64_t{space.f_bavail} * space.f_frsize;
}

bool holds_rings(const std::string& path) {
  struct statfs system {};
  return ::statfs(path.c_str(), &system) != 0 ||
         wire::holds_rings(static_cast<std::uint64_t>(system.f_type));
}

// "dir/" would make the kernel follow a symbolic link in spite of O_NOFOLLOW.
std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<std::string> create_run_directory() {
  std::vector<std::string> parents = {"/dev/shm"};
  if (const char* temporary = std::getenv("TMPDIR"); temporary != nullptr && temporary[0] == '/') {
    parents.emplace_back(temporary);
  }
  parents.emplace_back("/tmp");
  std::string tried;
  // In memory unless there is no other way: on a disk every page of a ring is written out.
  for (const std::string& parent : parents) {
    if (const std::uint64_t free = free_bytes(parent); free < kLeastSpace) {
      tried += fmt::format("{}{}: {} KiB free", tried.empty() ? "" : ", ", parent, free / 1024);
      continue;
    }
    if (!holds_rings(parent)) {
      tried += fmt::format("{}{}: its file system is no place for it", tried.empty() ? "" : ", ",
                           parent);
      continue;
    }
    std::string path = fmt::format("{}/sockwatch-{}-XXXXXX", parent, ::geteuid());
    if (::mkdtemp(path.data()) != nullptr) {
      if (!tried.empty()) {
        fmt::print(stderr,
                   "sockwatch: recording through {} ({})\nsockwatch: slower on a disk; a "
                   "writable /dev/shm avoids it\n",
                   parent, clean(tried));
      }
      return path;
    }
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : ", ", parent, errno_text(errno));
  }
  return Error{fmt::format("cannot create a run directory ({})", tried),
               "set TMPDIR to a directory you may write to, best on a tmpfs"};
}

Result<UniqueFd> open_run_directory(const std::string& given_path) {
  const std::string path = without_trailing_slash(given_path);
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) {
    const int error = errno;
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) {
      return Error{fmt::format("run directory '{}' is a symbolic link", path),
                   "name the directory itself"};
    }
    return Error{fmt::format("cannot open run directory '{}': {}", path, errno_text(error)),
                 std::string(error == ENOENT || error == ENOTDIR ? kHint : "")};
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) {
    return Error{fmt::format("cannot examine run directory '{}': {}", path, errno_text(errno)), ""};
  }
  if (status.st_uid != ::geteuid()) {
    return Error{fmt::format("run directory '{}' belongs to user {}, not to {}", path,
                             status.st_uid, ::geteuid()),
                 std::string(kHint)};
  }
  // A directory made in one with S_ISGID has it too, chmod leaves it there, and it lets nobody in.
  if ((status.st_mode & 07777 & ~mode_t{S_ISGID}) != 0700) {
    return Error{fmt::format("run directory '{}' has mode {:04o}, so others could reach into it",
                             path, status.st_mode & 07777),
                 // Of /tmp, say, that would be bad advice.
                 (status.st_mode & kForEverybody) == kForEverybody
                     ? "a directory for everybody is none; that of a recording is, say, "
                       "/dev/shm/sockwatch-UID-PID"
                     : fmt::format("chmod 0700 '{}'", path)};
  }
  return fd;
}

Status check_file_system(int directory_fd, const std::string& path) {
  struct statfs system {};
  if (::fstatfs(directory_fd, &system) != 0 ||
      wire::holds_rings(static_cast<std::uint64_t>(system.f_type))) {
    return {};
  }
  return Error{fmt::format("run directory '{}' is on a file system (type {:#x}) whose memory may "
                           "fail later: no library records there",
                           path, system.f_type),
               "make it on a tmpfs, say in /dev/shm"};
}

}  // namespace sockwatch::drain
