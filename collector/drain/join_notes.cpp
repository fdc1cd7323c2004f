#include "collector/drain/join_notes.h"

namespace sockwatch::drain {
namespace {

bool same_process(const store::ProcessRow& row, const store::ProcessRow& note) {
  if (row.pid != note.pid) return false;
  return !row.start_ticks || !note.start_ticks || *row.start_ticks == *note.start_ticks;
}

// Only the launcher knows these: the program was started with the library, which could not record.
// An image of the process that was seen is another one, from before it changed its user or mounts.
bool is_another_image(const store::ProcessRow& row, const store::ProcessRow& note) {
  const bool shut_out = note.coverage == "other-user" || note.coverage == "other-mounts";
  return shut_out && row.coverage != note.coverage;
}

template <typename T>
bool fill(std::optional<T>& column, const std::optional<T>& value) {
  if (column || !value) return false;
  column = value;
  return true;
}

// True if the note knew something more.
bool fill_gaps(store::ProcessRow& row, const store::ProcessRow& note) {
  bool changed = fill(row.exit_status, note.exit_status);
  changed = fill(row.ended_ns, note.ended_ns) || changed;
  changed = fill(row.started_ns, note.started_ns) || changed;
  changed = fill(row.start_ticks, note.start_ticks) || changed;
  changed = fill(row.ppid, note.ppid) || changed;
  changed = fill(row.uid, note.uid) || changed;
  changed = fill(row.exe, note.exe) || changed;
  changed = fill(row.command_line, note.command_line) || changed;
  if (row.coverage == "static" && note.coverage == "go") {  // all the more static
    row.coverage = note.coverage;
    changed = true;
  }
  return changed;
}

}  // namespace

std::vector<store::ProcessRow> join_notes(const std::vector<store::ProcessRow>& seen,
                                          const std::vector<store::ProcessRow>& notes,
                                          std::int64_t& next_id) {
  std::vector<store::ProcessRow> result;
  for (const store::ProcessRow& note : notes) {
    const store::ProcessRow* last = nullptr;
    for (const store::ProcessRow& row : seen) {
      if (same_process(row, note) && (last == nullptr || row.id > last->id)) last = &row;
    }
    if (last != nullptr && is_another_image(*last, note)) last = nullptr;
    store::ProcessRow row = last != nullptr ? *last : note;
    if (last == nullptr) {
      row.id = next_id++;
    } else if (!fill_gaps(row, note)) {
      continue;
    }
    result.push_back(std::move(row));
  }
  return result;
}

}  // namespace sockwatch::drain
