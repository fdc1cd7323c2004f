// Finds the segments of a run directory: those that are there, then those that come.
#pragma once

#include <string>
#include <vector>

#include "collector/drain/unique_fd.h"
#include "collector/support/result.h"

namespace sockwatch::drain {

class DirectoryWatch {
 public:
  // `directory`: see open_run_directory; must outlive the watch.
  static Result<DirectoryWatch> open(const UniqueFd& directory);

  int fd() const { return inotify_.get(); }  // readable when found() has something new

  // Names of segment files since the last call, oldest first by the time in their names; the first
  // call also names all that were there before. A name comes again when the file was written to.
  std::vector<std::string> found();

 private:
  DirectoryWatch() = default;
  void list(std::vector<std::string>& names) const;

  int directory_fd_ = -1;
  UniqueFd inotify_;
  bool listed_ = false;
};

}  // namespace sockwatch::drain
