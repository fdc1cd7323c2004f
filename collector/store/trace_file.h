// The file a trace lives in, before SQLite sees it: what may be opened, created, replaced.
// Private to this folder.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "collector/store/writer.h"
#include "collector/support/result.h"

namespace sockwatch::store {

using FileIdentity = std::pair<dev_t, ino_t>;

// For reading: a regular file that is there and not empty.
struct ReadPlace {
  std::string path;  // absolute, symbolic links resolved: the files beside it are named after it
  bool alone;        // nothing beside it: nobody is recording into it
  std::int64_t size;
  FileIdentity file;
};
Result<ReadPlace> place_to_read(const std::string& path);

// For writing: the file exists afterwards. It is never reached through a symbolic link, and a new
// one belongs to its user alone (a trace names hosts and command lines).
struct WritePlace {
  std::string path;  // absolute, symbolic links in the directory part resolved
  bool created;
};
Result<WritePlace> place_to_write(const std::string& path, OpenMode mode);

// Whether place_to_write() would take it; nothing is done.
Status check_place(const std::string& path, OpenMode mode);

// Gives the finished trace `from`, of the same directory, the name `to`. Only `replace` lets it
// take the place of another.
Status rename_trace(const std::string& from, const std::string& to, OpenMode mode);

// Removes the file and what SQLite keeps beside it.
void remove_trace(const std::string& path);

// Held while a trace is written. It is a lock on the write-ahead log, which exists exactly as long
// as somebody records, and not on the trace: SQLite's own locks on the trace would be lost when we
// closed a descriptor of it.
class RecordingLock {
 public:
  RecordingLock() = default;
  static Result<RecordingLock> take(const std::string& path, const std::string& shown);
  RecordingLock(RecordingLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RecordingLock& operator=(RecordingLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~RecordingLock();

 private:
  int fd_ = -1;
};

// Two who open traces in one directory do it one after the other: between its creation and its
// RecordingLock, one looks like a file that --force may replace. As far as the directory can be
// locked and nobody holds on to it; without, all is as good but for two at the same moment.
class OpeningTurn {
 public:
  explicit OpeningTurn(const std::string& path);
  OpeningTurn(const OpeningTurn&) = delete;
  OpeningTurn& operator=(const OpeningTurn&) = delete;
  ~OpeningTurn();

 private:
  int fd_ = -1;
};

}  // namespace sockwatch::store
