#include "collector/drain/directory_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <tuple>

#include "collector/drain/segment_file.h"
#include "collector/drain/system_error.h"

namespace sockwatch::drain {
namespace {

void sort_by_age(std::vector<std::string>& names) {
  const auto key = [](const std::string& name) {
    const SegmentName parsed = parse_segment_name(name).value_or(SegmentName{});
    return std::make_tuple(parsed.created_ns, parsed.pid, name);
  };
  std::sort(names.begin(), names.end(),
            [&](const std::string& a, const std::string& b) { return key(a) < key(b); });
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

Result<DirectoryWatch> DirectoryWatch::open(const UniqueFd& directory) {
  DirectoryWatch watch;
  watch.directory_fd_ = directory.get();
  watch.inotify_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  // By descriptor, so that exactly the directory that was checked is watched.
  const std::string path = fmt::format("/proc/self/fd/{}", directory.get());
  if (!watch.inotify_ || ::inotify_add_watch(watch.inotify_.get(), path.c_str(),
                                             IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
    const int error = errno;
    return Error{fmt::format("cannot watch the run directory: {}", errno_text(error)),
                 error == EMFILE || error == ENOSPC
                     ? "raise fs.inotify.max_user_instances or max_user_watches (sysctl)"
                     : ""};
  }
  return watch;
}

std::vector<std::string> DirectoryWatch::found() {
  std::vector<std::string> names;
  bool overflow = !listed_;
  alignas(inotify_event) char buffer[16384];
  for (;;) {
    const ssize_t length = ::read(inotify_.get(), buffer, sizeof buffer);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) break;
    for (ssize_t at = 0; at < length;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      if ((event.mask & IN_Q_OVERFLOW) != 0) overflow = true;
      if (event.len > 0) {
        const char* name = buffer + at + sizeof event;
        names.emplace_back(name, ::strnlen(name, event.len));
      }
      at += static_cast<ssize_t>(sizeof event + event.len);
    }
  }
  if (overflow) list(names);
  listed_ = true;
  std::erase_if(names, [](const std::string& name) {
    return !name.ends_with(wire::kSegmentSuffix) || name.starts_with('.');
  });
  sort_by_age(names);
  return names;
}

void DirectoryWatch::list(std::vector<std::string>& names) const {
  const int fd = ::openat(directory_fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd), ::closedir);
  if (listing == nullptr) {
    ::close(fd);
    return;
  }
  while (const dirent* entry = ::readdir(listing.get())) names.emplace_back(entry->d_name);
}

}  // namespace sockwatch::drain
