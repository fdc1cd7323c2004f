// The run directory of one recording and its end.
#pragma once

#include <string>

#include "collector/support/result.h"

namespace sockwatch::launch {

class RunDirectory {
 public:
  static Result<RunDirectory> create();
  ~RunDirectory();  // removes it with all that is in it
  RunDirectory(RunDirectory&& other) noexcept;
  RunDirectory& operator=(RunDirectory&&) = delete;

  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

  // Empty, or what is wrong with the space in its file system: recording needs some 300 KiB for
  // each thread that makes calls.
  std::string complaint_about_space() const;
  bool has_segments_or_notes() const;  // something `sockwatch recover` can use

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace sockwatch::launch
