// Where a program under the library leaves its segments, and the /dev/shm around it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sockwatch::preload {

// Gives this process a /dev/shm of its own, so that what appears there is the tested program's
// doing. False where the system does not permit it; then /dev/shm is shared with others and cannot
// be compared. Does it once.
bool own_shared_memory();

// Names in /dev/shm, sorted.
std::vector<std::string> shared_memory_names();

// A fresh directory on /dev/shm, removed with all it holds.
class RunDirectory {
 public:
  enum class Kind {
    usual,      // 0700, owned by us
    everybody,  // 0777: other users may record into it
    missing,    // the path leads nowhere
    tiny,       // a file system of 64 KiB
    read_only,  // a file system that cannot be written
  };
  explicit RunDirectory(Kind kind = Kind::usual);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Everything in it, sorted by name.
  std::vector<std::filesystem::path> files() const;

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

}  // namespace sockwatch::preload
