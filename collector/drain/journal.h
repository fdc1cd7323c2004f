// Records in a file, each with its length and checksum: what of a collector outlives its death.
//
//   ┌ FileHead ┐┌ RecordHead │ bytes ┐┌ RecordHead │ bytes ┐...
//
// The head says up to where the file is written; a record counts from the moment it is within that
// length. So a write that was cut short by its writer's death was none, and an old file can be used
// again: its pages need not be made anew, which is most of what writing costs in memory.
//
// The file lies in the run directory, where any process of this user may change it: a reader takes
// copies, checks, and stops at the first record that is not as it was written.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "collector/drain/unique_fd.h"

namespace sockwatch::drain {

enum class RecordKind : std::uint32_t {
  snapshot = 1,  // all a collector knew
  begin = 2,     // an image appeared
  events = 3,    // taken out of rings
  end = 4,       // an image ended
  refused = 5,   // a segment that is not read
  restart = 6,   // another collector begins to take over
};

class JournalWriter {
 public:
  JournalWriter() = default;

  // An empty journal, in the place of whatever has this name; an old one is written over. Closed
  // (see open()) if that fails, with errno. Until it is whole, nobody must take it for one: give it
  // its final name afterwards.
  static JournalWriter create(int directory_fd, const std::string& name, std::uint64_t number);
  // Goes on behind the last record.
  static JournalWriter append_to(int directory_fd, const std::string& name, std::uint64_t number,
                                 std::uint64_t length);

  bool open() const { return static_cast<bool>(fd_); }
  std::uint64_t length() const { return length_; }

  // All of it or nothing: false (and errno) after an error; then the file reads as before.
  // `pieces`: room for the head is left in the first element, which is overwritten.
  bool append(RecordKind kind, std::span<iovec> pieces);
  bool append(RecordKind kind, std::string_view bytes);

 private:
  bool write(std::span<iovec> pieces, std::uint64_t at);
  bool begin();  // an empty journal
  bool publish(std::uint64_t length);

  UniqueFd fd_;
  std::uint64_t number_ = 0;
  std::uint64_t length_ = 0;
};

// What became of reading.
struct JournalEnd {
  enum class How {
    complete,
    damaged,  // something is there that was not written by us, or by another build
    missing,  // no such file
  };
  How how = How::missing;
  std::uint64_t length = 0;  // up to here it is good
};

// Calls `each` for the records in their order; the bytes are valid during the call. `each` returns
// false if it cannot make sense of one: damaged.
JournalEnd read_journal(int directory_fd, const std::string& name, std::uint64_t number,
                        const std::function<bool(RecordKind, std::string_view)>& each);

}  // namespace sockwatch::drain
