#include "collector/store/trace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "collector/store/database.h"
#include "collector/store/schema.h"

namespace sockwatch::store {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr char kLog[] = "-wal";
constexpr std::array<const char*, 3> kBeside = {kLog, "-shm", "-journal"};

Error cannot(const char* what, const std::string& path, int error, std::string hint = {}) {
  return {fmt::format("cannot {} trace '{}': {}", what, path, std::strerror(error)),
          std::move(hint)};
}

std::optional<std::string> resolve(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(realpath(path.c_str(), nullptr), free);
  if (resolved == nullptr) return std::nullopt;
  return std::string(resolved.get());
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

bool has_content(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && status.st_size > 0;
}

// The directory part resolved, the name as it is.
Result<std::string> absolute(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return Error{fmt::format("'{}' is not the name of a file", path), "name one with -o FILE"};
  }
  const std::optional<std::string> resolved = resolve(directory);
  if (!resolved) {
    const int error = errno;
    return cannot(
        "write", path, error,
        error == ENOENT ? fmt::format("make its directory first: mkdir -p '{}'", directory) : "");
  }
  return (*resolved == "/" ? "" : *resolved) + "/" + name;
}

// A file of this user that --force may remove: a trace, or empty as mktemp leaves one.
bool replaceable(const std::string& path, off_t size) {
  if (size == 0) return true;
  const int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  std::array<unsigned char, 72> header{};
  const bool whole = pread(fd, header.data(), header.size(), 0) == ssize_t{header.size()};
  close(fd);
  std::int64_t id = 0;
  for (std::size_t i = 68; i < 72; ++i) id = id << 8 | header[i];
  return whole && id == kApplicationId &&
         std::memcmp(header.data(), kMagic.data(), kMagic.size()) == 0;
}

Error exists_already(const std::string& shown) {
  return {fmt::format("'{}' exists already", shown),
          "replace it with --force, or choose another name with -o FILE"};
}

Error no_regular_file(mode_t mode, const std::string& shown) {
  return {
      fmt::format("'{}' is {}; a trace is only written to a regular file", shown, kind_of(mode)),
      "choose another name with -o FILE"};
}

// What an earlier trace of this name left behind would be taken for part of this one; what somebody
// else put there in a shared directory would be written to.
Status remove_beside(const std::string& absolute_path, const std::string& shown) {
  for (const char* suffix : kBeside) {
    const std::string beside = absolute_path + suffix;
    if (unlink(beside.c_str()) == 0 || errno == ENOENT) continue;
    return Error{
        fmt::format("cannot create trace '{}': '{}' is in the way and cannot be removed: {}", shown,
                    beside, std::strerror(errno)),
        "remove it, or choose another place with -o FILE"};
  }
  return {};
}

Result<WritePlace> create(const std::string& absolute_path, const std::string& shown) {
  const int fd = open(absolute_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                      S_IRUSR | S_IWUSR);
  if (fd < 0) {
    const int error = errno;
    if (error == EEXIST) return exists_already(shown);
    return cannot("create", shown, error, "choose another place with -o FILE");
  }
  close(fd);
  if (Status removed = remove_beside(absolute_path, shown); !removed) {
    unlink(absolute_path.c_str());
    return removed.error();
  }
  return WritePlace{absolute_path, true};
}

Status may_replace(const std::string& absolute_path, const struct stat& status,
                   const std::string& shown) {
  if (!replaceable(absolute_path, status.st_size)) {
    return Error{fmt::format("'{}' is not a sockwatch trace, so it is not replaced", shown),
                 "remove it yourself, or choose another name with -o FILE"};
  }
  if (access((absolute_path + kLog).c_str(), F_OK) == 0) {
    Result<RecordingLock> lock = RecordingLock::take(absolute_path, shown);
    if (!lock) return lock.error();
  }
  return {};
}

Result<WritePlace> replace(const std::string& absolute_path, const struct stat& status,
                           const std::string& shown) {
  if (Status may = may_replace(absolute_path, status, shown); !may) return may.error();
  if (unlink(absolute_path.c_str()) != 0 && errno != ENOENT) {
    return cannot("replace", shown, errno, "choose another place with -o FILE");
  }
  return create(absolute_path, shown);
}

}  // namespace

Result<ReadPlace> place_to_read(const std::string& path) {
  const std::optional<std::string> resolved = resolve(path);
  struct stat status {};
  if (!resolved || stat(resolved->c_str(), &status) != 0) {
    const int error = errno;
    return cannot("read", path, error,
                  error == ENOENT ? "record one with: sockwatch record -o FILE -- COMMAND" : "");
  }
  if (!S_ISREG(status.st_mode)) {
    return Error{fmt::format("'{}' is {}, not a trace", path, kind_of(status.st_mode)),
                 "name the file that was given to sockwatch record with -o"};
  }
  if (status.st_size == 0) {
    return Error{fmt::format("trace '{}' is empty", path),
                 "its recording has only just begun, or never did: record again"};
  }
  // Rows may be in the log only. An empty log holds none, but whoever made it may be recording.
  const bool alone =
      access((*resolved + kLog).c_str(), F_OK) != 0 && !has_content(*resolved + "-journal");
  return ReadPlace{*resolved, alone, status.st_size, {status.st_dev, status.st_ino}};
}

Result<WritePlace> place_to_write(const std::string& path, OpenMode mode) {
  Result<std::string> full = absolute(path);
  if (!full) return full.error();
  struct stat status {};
  if (lstat(full->c_str(), &status) != 0) {
    const int error = errno;
    if (error != ENOENT) return cannot("write", path, error, "choose another place with -o FILE");
    if (mode == OpenMode::resume) {
      return Error{fmt::format("there is no trace '{}' to go on with", path),
                   "name the file the recording was begun with"};
    }
    return create(*full, path);
  }
  if (mode == OpenMode::create) return create(*full, path);
  if (!S_ISREG(status.st_mode)) return no_regular_file(status.st_mode, path);
  if (mode == OpenMode::replace) return replace(*full, status, path);
  for (const char* suffix : kBeside) {
    struct stat beside {};
    if (lstat((*full + suffix).c_str(), &beside) == 0 && !S_ISREG(beside.st_mode)) {
      return Error{
          fmt::format("'{}{}' is {}, not part of a trace", path, suffix, kind_of(beside.st_mode)),
          "find out who put it there before going on with this trace"};
    }
  }
  return WritePlace{*full, false};
}

Status check_place(const std::string& path, OpenMode mode) {
  const Result<std::string> full = absolute(path);
  if (!full) return full.error();
  struct stat status {};
  if (lstat(full->c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return cannot("write", path, errno, "choose another place with -o FILE");
  }
  if (mode == OpenMode::create) return exists_already(path);
  if (!S_ISREG(status.st_mode)) return no_regular_file(status.st_mode, path);
  return mode == OpenMode::replace ? may_replace(*full, status, path) : Status();
}

Status rename_trace(const std::string& from, const std::string& to, OpenMode mode) {
  if (Status fits = check_place(to, mode); !fits) return fits;
  const Result<std::string> source = absolute(from);
  const Result<std::string> target = absolute(to);
  if (!source || !target) return source ? target.error() : source.error();
  if (Status removed = remove_beside(*target, to); !removed) return removed;
  const unsigned flags = mode == OpenMode::replace ? 0 : RENAME_NOREPLACE;
  if (renameat2(AT_FDCWD, source->c_str(), AT_FDCWD, target->c_str(), flags) == 0) return {};
  if (errno == EEXIST) return exists_already(to);
  // A file system without that; it was looked at just before.
  if (errno == EINVAL && rename(source->c_str(), target->c_str()) == 0) return {};
  return cannot("create", to, errno, "choose another place with -o FILE");
}

void remove_trace(const std::string& path) {
  unlink(path.c_str());
  for (const char* suffix : kBeside) unlink((path + suffix).c_str());
}

Result<RecordingLock> RecordingLock::take(const std::string& path, const std::string& shown) {
  RecordingLock lock;
  lock.fd_ = open((path + kLog).c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (lock.fd_ < 0) return cannot("write", shown, errno, "choose another place with -o FILE");
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return cannot("lock", shown, errno, "choose another file system with -o FILE");
    }
    return Error{fmt::format("trace '{}' is being recorded by another sockwatch", shown),
                 "wait until it has ended, or choose another name with -o FILE"};
  }
  return lock;
}

RecordingLock::~RecordingLock() {
  if (fd_ >= 0) close(fd_);
}

OpeningTurn::OpeningTurn(const std::string& path) {
  constexpr int kMostTries = 100;
  constexpr auto kPause = std::chrono::milliseconds(10);
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  fd_ = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int tries = 0; fd_ >= 0 && tries < kMostTries; ++tries) {
    if (flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    std::this_thread::sleep_for(kPause);
  }
}

OpeningTurn::~OpeningTurn() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace sockwatch::store
