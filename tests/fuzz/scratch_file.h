// A file that holds one text after the other, without being made again each time.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "tests/fuzz/input.h"

namespace sockwatch::fuzz {

class ScratchFile {
 public:
  explicit ScratchFile(std::string path)
      : path_(std::move(path)),
        file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    require(file_ >= 0, "a file can be made");
  }
  ~ScratchFile() { ::close(file_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  void hold(const std::string& bytes) const {
    const auto size = static_cast<off_t>(bytes.size());
    require(::pwrite(file_, bytes.data(), bytes.size(), 0) == size && ::ftruncate(file_, size) == 0,
            "the file can be written");
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const int file_;
};

}  // namespace sockwatch::fuzz
