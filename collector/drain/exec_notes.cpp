#include "collector/drain/exec_notes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "collector/drain/unique_fd.h"
#include "shim/wire/exec_note.h"

namespace sockwatch::drain {
namespace {

using wire::ExecNote;
using wire::ExecWhy;

// By ExecWhy: the word of column `coverage`.
constexpr std::array<const char*, static_cast<std::size_t>(ExecWhy::count)> kCoverage = {
    "",       "no-env", "static",       "other-arch", "other-libc",
    "setuid", "go",     "other-mounts", "other-user"};

bool is_sound(const ExecNote& note) {
  return note.magic == wire::kExecNoteMagic && note.why < ExecWhy::count && note.pid > 0 &&
         note.t_ns <= std::uint64_t{std::numeric_limits<std::int64_t>::max()} &&
         note.path_length <= ExecNote::kPathBytes &&
         note.command_line_length <= ExecNote::kCommandLineBytes;
}

// Empty: nothing known. Arguments have a NUL behind each.
store::OptText text_of(const char* bytes, std::size_t length) {
  std::string_view text(bytes, length);
  while (text.ends_with('\0')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  std::string words(text);
  std::ranges::replace(words, '\0', ' ');
  return words;
}

}  // namespace

void ExecNotes::read(int directory_fd) {
  const UniqueFd fd(::openat(directory_fd, wire::kExecNotesFile,
                             O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  std::array<ExecNote, 64> notes;
  while (at_ < wire::kExecNotesLimit) {
    const ssize_t got = ::pread(fd.get(), notes.data(), sizeof notes, static_cast<off_t>(at_));
    if (got < 0 && errno == EINTR) continue;
    const std::size_t count = got < 0 ? 0 : static_cast<std::size_t>(got) / sizeof(ExecNote);
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i) take(notes[i]);
    at_ += count * sizeof(ExecNote);
    if (at_ >= wire::kExecNotesLimit) ++missing_;
  }
}

void ExecNotes::take(const ExecNote& note) {
  if (!is_sound(note)) {
    ++missing_;
    return;
  }
  if (note.why == ExecWhy::returned) {
    const auto failed = std::find_if(told_.rbegin(), told_.rend(), [&](const Told& earlier) {
      return earlier.tid == note.tid && earlier.row.pid == note.pid;
    });
    if (failed != told_.rend()) told_.erase(std::next(failed).base());
    return;
  }
  store::ProcessRow row;
  row.pid = note.pid;
  row.ppid = note.ppid;
  row.uid = note.uid;
  row.started_ns = static_cast<std::int64_t>(note.t_ns);
  row.coverage = kCoverage[static_cast<std::size_t>(note.why)];
  row.exe = text_of(note.path, note.path_length);
  row.command_line = text_of(note.command_line, note.command_line_length);
  told_.push_back({note.tid, std::move(row)});
}

std::vector<store::ProcessRow> ExecNotes::programs() const {
  std::vector<store::ProcessRow> rows;
  for (const Told& one : told_) rows.push_back(one.row);
  return rows;
}

std::optional<std::int64_t> ExecNotes::replaced(std::int64_t pid, std::int64_t since_ns) const {
  for (const Told& one : told_) {
    if (one.row.pid == pid && one.row.started_ns.value_or(0) >= since_ns) return one.row.started_ns;
  }
  return std::nullopt;
}

void ExecNotes::remove(int directory_fd) { ::unlinkat(directory_fd, wire::kExecNotesFile, 0); }

}  // namespace sockwatch::drain
