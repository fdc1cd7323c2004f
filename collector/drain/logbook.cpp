#include "collector/drain/logbook.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <set>

#include "collector/drain/clock.h"
#include "collector/drain/report_problem.h"
#include "collector/drain/system_error.h"

namespace sockwatch::drain {
namespace {

constexpr std::string_view kSnapshot = "snapshot.";
constexpr std::string_view kJournal = "journal.";
constexpr char kUnfinished[] = "snapshot.new";
constexpr char kSpare[] = "journal.spare";
// Of what is worth a snapshot: a flood brings up to three times that before there is one.
constexpr std::uint64_t kWorthKeeping = 4;
constexpr std::int64_t kTryAgainNs = kNsPerSecond;

std::string snapshot_name(std::uint64_t number) { return fmt::format("{}{}", kSnapshot, number); }
std::string journal_name(std::uint64_t number) { return fmt::format("{}{}", kJournal, number); }

std::optional<std::uint64_t> number_behind(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

template <typename Each>
void for_each_name(int directory_fd, Each&& each) {
  const int fd = ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd), ::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) each(entry->d_name);
}

struct EventsHead {
  std::int64_t image;
  std::int64_t watermark_ns;
  std::uint64_t rings;
};

}  // namespace

bool Logbook::is_file_name(std::string_view name) {
  return name == kUnfinished || name == kSpare || number_behind(kSnapshot, name) ||
         number_behind(kJournal, name);
}

Result<std::optional<Logbook::Left>> Logbook::find_left() {
  std::optional<std::uint64_t> newest;
  for_each_name(directory_fd_, [&](std::string_view name) {
    if (const auto number = number_behind(kSnapshot, name)) newest = std::max(newest, number);
    for (const auto prefix : {kSnapshot, kJournal}) {
      if (const auto number = number_behind(prefix, name)) number_ = std::max(number_, *number);
    }
  });
  if (!newest) return std::optional<Left>();
  Left left{*newest, {}};
  const JournalEnd end = read_journal(directory_fd_, snapshot_name(*newest), *newest,
                                      [&](RecordKind kind, std::string_view bytes) {
                                        left.snapshot = bytes;
                                        return kind == RecordKind::snapshot;
                                      });
  if (end.how == JournalEnd::How::complete && !left.snapshot.empty()) {
    left_is_needed_ = true;
    return std::optional<Left>(std::move(left));
  }
  return Error{
      "what the collector before this one had noted cannot be read: it was changed, or is "
      "of another build of sockwatch",
      "what that one had not stored is counted as lost (collector_restart)"};
}

bool Logbook::replay(const Left& left,
                     const std::function<bool(RecordKind, std::string_view)>& each) {
  attempts_ = 0;
  const auto count_and_pass = [&](RecordKind kind, std::string_view bytes) {
    if (kind != RecordKind::restart) return each == nullptr || each(kind, bytes);
    ++attempts_;
    return true;
  };
  // The attempt is noted before it is made.
  std::uint64_t last = left.number;
  JournalEnd end;
  for (std::uint64_t number = left.number;; ++number) {
    const JournalEnd here = read_journal(directory_fd_, journal_name(number), number,
                                         [&](RecordKind kind, std::string_view) {
                                           attempts_ += kind == RecordKind::restart ? 1 : 0;
                                           return true;
                                         });
    if (here.how == JournalEnd::How::missing) break;
    last = number;
    end = here;
    if (here.how == JournalEnd::How::damaged) break;
  }
  if (attempts_ >= kMostAttempts) return false;
  if (end.how == JournalEnd::How::complete && !reads_only_) {
    JournalWriter writer =
        JournalWriter::append_to(directory_fd_, journal_name(last), last, end.length);
    if (writer.open()) (void)writer.append(RecordKind::restart, std::string_view());
  }

  attempts_ = 0;
  for (std::uint64_t number = left.number; number <= last; ++number) {
    const JournalEnd here =
        read_journal(directory_fd_, journal_name(number), number, count_and_pass);
    if (here.how != JournalEnd::How::complete) return false;
  }
  return true;
}

bool Logbook::due(std::int64_t now_ns) const {
  const std::lock_guard lock(mutex_);
  if (reads_only_) return false;
  if (!journal_.open()) return now_ns - given_up_ns_ >= kTryAgainNs;
  return journal_.length() >= std::min<std::uint64_t>(worth_a_snapshot_, most_);
}

bool Logbook::cut(std::int64_t now_ns) {
  if (reads_only_) return false;
  const std::lock_guard lock(mutex_);
  const std::string name = journal_name(number_ + 1);
  JournalWriter next = JournalWriter::create(directory_fd_, kSpare, number_ + 1);
  if (!next.open() || ::renameat(directory_fd_, kSpare, directory_fd_, name.c_str()) != 0) {
    if (!journal_.open()) given_up_ns_ = now_ns;
    error_ = errno;
    return false;
  }
  ++number_;
  journal_ = std::move(next);
  noted_ = journal_.length();
  struct statvfs system {};
  if (::fstatvfs(directory_fd_, &system) == 0) {
    const std::uint64_t free = std::uint64_t{system.f_bavail} * system.f_frsize;
    most_ = std::clamp(free / 4, std::min(snapshot_bytes_, most_bytes_), most_bytes_);
  }
  return true;
}

void Logbook::keep(const std::string& snapshot) {
  const std::lock_guard lock(mutex_);
  if (!journal_.open()) return;  // given up since
  JournalWriter file = JournalWriter::create(directory_fd_, kUnfinished, number_);
  if (!file.open() || !file.append(RecordKind::snapshot, snapshot) ||
      ::renameat(directory_fd_, kUnfinished, directory_fd_, snapshot_name(number_).c_str()) != 0) {
    ::unlinkat(directory_fd_, kUnfinished, 0);
    return give_up("cannot be written");
  }
  worth_a_snapshot_ = std::max<std::uint64_t>(snapshot_bytes_, 2 * snapshot.size());
  remove_files(number_);
}

void Logbook::settle() {
  const std::lock_guard lock(mutex_);
  if (reads_only_) return;
  left_is_needed_ = false;
  if (journal_.open()) return;
  errno = error_;
  give_up("cannot be written");
}

void Logbook::note(RecordKind kind, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  if (!journal_.open()) return;
  if (!journal_.append(kind, bytes)) give_up("cannot be written");
}

void Logbook::events(std::int64_t image, std::int64_t watermark_ns, std::span<const Slots> rings) {
  const std::lock_guard lock(mutex_);
  if (!journal_.open()) return;
  EventsHead head{image, watermark_ns, rings.size()};
  table_.clear();
  pieces_.assign(3, {});
  for (const Slots& slots : rings) {
    table_.push_back(static_cast<std::uint32_t>(slots.ring));
    table_.push_back(static_cast<std::uint32_t>(slots.events.size()));
    pieces_.push_back({const_cast<wire::Event*>(slots.events.data()), slots.events.size_bytes()});
  }
  pieces_[1] = {&head, sizeof head};
  pieces_[2] = {table_.data(), table_.size() * sizeof table_[0]};
  if (!journal_.append(RecordKind::events, pieces_)) return give_up("cannot be written");
  noted_ = journal_.length();
}

bool parse_events(std::string_view bytes, NotedEvents& into) {
  EventsHead head;
  if (bytes.size() < sizeof head) return false;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes.remove_prefix(sizeof head);
  into.image = head.image;
  into.watermark_ns = head.watermark_ns;
  into.rings.clear();
  if (head.rings > wire::kSlotCount || bytes.size() < head.rings * 8) return false;
  const std::string_view table = bytes.substr(0, head.rings * 8);
  bytes.remove_prefix(table.size());
  for (std::size_t i = 0; i < head.rings; ++i) {
    std::uint32_t entry[2];
    std::memcpy(entry, table.data() + i * sizeof entry, sizeof entry);
    const std::size_t length = entry[1] * sizeof(wire::Event);
    if (entry[0] >= wire::kSlotCount || length > bytes.size()) return false;
    NotedEvents::Ring& ring = into.rings.emplace_back();
    ring.ring = entry[0];
    ring.events.resize(entry[1]);
    if (length > 0) std::memcpy(ring.events.data(), bytes.data(), length);
    bytes.remove_prefix(length);
  }
  return bytes.empty();
}

// The files go first of all: what is noted must be all there is, or nothing. But what a trace was
// rolled back by is nowhere else until it is stored again; should this collector be killed before,
// sequence numbers tell the next one what is missing behind it.
void Logbook::give_up(const char* what) {
  const int error = errno;
  error_ = error;
  journal_ = JournalWriter();
  noted_ = 0;
  if (!left_is_needed_) {
    remove_files(number_ + 1);
    ::unlinkat(directory_fd_, kSpare, 0);
  }
  given_up_ns_ = monotonic_ns();
  if (told_) return;
  told_ = true;
  report_problem({fmt::format("the notes of the collector in the run directory {}: {}; recording "
                              "goes on without, and only a collector that is killed loses anything",
                              what, errno_text(error)),
                  "make room in its file system"});
}

void Logbook::remove_files(std::uint64_t before) {
  std::set<std::uint64_t> snapshots;
  std::set<std::uint64_t> journals;
  for_each_name(directory_fd_, [&](std::string_view name) {
    const auto snapshot = number_behind(kSnapshot, name);
    const auto journal = number_behind(kJournal, name);
    if (snapshot && *snapshot < before) snapshots.insert(*snapshot);
    if (journal && *journal < before) journals.insert(*journal);
  });
  // The oldest first. Without its snapshot a journal means nothing; a snapshot without its journal
  // would be damage.
  for (const auto number : snapshots) {
    ::unlinkat(directory_fd_, snapshot_name(number).c_str(), 0);
  }
  for (const auto number : journals) put_aside(number);
}

void Logbook::put_aside(std::uint64_t number) {
  const std::string name = journal_name(number);
  struct stat status {};
  const bool worth_it =
      journal_.open() &&
      ::fstatat(directory_fd_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISREG(status.st_mode) &&
      static_cast<std::uint64_t>(status.st_size) <= kWorthKeeping * worth_a_snapshot_;
  if (worth_it && ::renameat(directory_fd_, name.c_str(), directory_fd_, kSpare) == 0) return;
  ::unlinkat(directory_fd_, name.c_str(), 0);
}

void Logbook::remove_all() {
  const std::lock_guard lock(mutex_);
  journal_ = JournalWriter();
  remove_files(~std::uint64_t{0});
  for (const char* name : {kUnfinished, kSpare}) ::unlinkat(directory_fd_, name, 0);
}

}  // namespace sockwatch::drain
