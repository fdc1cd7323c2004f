// A directory in memory that goes with the process.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/fuzz/input.h"

namespace sockwatch::fuzz {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    require(::mkdtemp(path_.data()) != nullptr, "a directory can be made in /dev/shm");
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/dev/shm/sockwatch-fuzz-XXXXXX";
};

}  // namespace sockwatch::fuzz
