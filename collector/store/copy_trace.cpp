#include "collector/store/copy_trace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "collector/store/trace_file.h"

namespace sockwatch::store {
namespace {

class File {
 public:
  File(const std::string& path, int flags)
      : fd_(::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

bool copy_bytes(int from, int to) {
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(from, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    for (ssize_t done = 0; done < got;) {
      const ssize_t wrote = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
      if (wrote < 0 && errno != EINTR) return false;
      if (wrote > 0) done += wrote;
    }
  }
}

// One that is not there is no failure, for the files beside a trace.
Status copy_file(const std::string& from, const std::string& to, bool must_exist) {
  const File source(from, O_RDONLY);
  if (source.fd() < 0 && errno == ENOENT && !must_exist) return {};
  struct stat status {};
  if (source.fd() < 0 || ::fstat(source.fd(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{fmt::format("cannot read trace '{}': {}", from,
                             source.fd() < 0 ? std::strerror(errno) : "it is no regular file"),
                 ""};
  }
  const File target(to, O_WRONLY | O_CREAT | O_TRUNC);
  if (target.fd() < 0 || !copy_bytes(source.fd(), target.fd())) {
    return Error{fmt::format("cannot copy trace '{}' to '{}': {}", from, to, std::strerror(errno)),
                 "see whether the file system is full, or choose another place with -o FILE"};
  }
  return {};
}

}  // namespace

Status copy_trace(const std::string& from, const std::string& to, OpenMode mode) {
  const Result<WritePlace> place = place_to_write(to, mode);
  if (!place) return place.error();
  // The trace last: without it the files beside it are nothing.
  for (const char* suffix : {"-wal", "-journal", ""}) {
    const bool trace = *suffix == '\0';
    if (Status copied = copy_file(from + suffix, place->path + suffix, trace); !copied) {
      remove_trace(place->path);
      return copied;
    }
  }
  return {};
}

Status may_become_trace(const std::string& path, OpenMode mode) { return check_place(path, mode); }

Status name_trace(const std::string& from, const std::string& to, OpenMode mode) {
  return rename_trace(from, to, mode);
}

void discard_trace(const std::string& path) { remove_trace(path); }

}  // namespace sockwatch::store
