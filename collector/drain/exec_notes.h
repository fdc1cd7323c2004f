// What processes said before they became, or started, a program the library does not see
// (shim/wire/exec_note.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collector/store/rows.h"

namespace sockwatch::wire {
struct ExecNote;
}

namespace sockwatch::drain {

// A loss of no process: programs that were not noted, because the file was full or damaged.
inline constexpr char kExecNotesCause[] = "exec_notes";

class ExecNotes {
 public:
  // Takes in what was appended since the last call. `directory_fd`: the run directory.
  void read(int directory_fd);

  // In the order they were told, without those whose call failed. `started_ns` is the moment of the
  // exec; the end is not known, the id not given.
  std::vector<store::ProcessRow> programs() const;

  // When the process became such a program, if it did at or after `since_ns`.
  std::optional<std::int64_t> replaced(std::int64_t pid, std::int64_t since_ns) const;

  // At least so many are not among them.
  std::uint64_t missing() const { return missing_; }

  static void remove(int directory_fd);

 private:
  struct Told {
    std::uint32_t tid;
    store::ProcessRow row;
  };
  void take(const wire::ExecNote& note);

  std::size_t at_ = 0;  // bytes read
  std::vector<Told> told_;
  std::uint64_t missing_ = 0;
};

}  // namespace sockwatch::drain
