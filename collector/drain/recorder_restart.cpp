// What a recorder leaves to the next one, and how it takes over from one that died.
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "collector/drain/clock.h"
#include "collector/drain/recorder.h"
#include "collector/drain/report_problem.h"
#include "collector/drain/text_file.h"
#include "collector/store/schema.h"
#include "collector/support/archive.h"

namespace sockwatch::drain {
namespace {

using End = connect::Tracker::End;

struct BeginNote {
  store::ProcessRow row;
  std::string segment;
  std::int64_t created_ns = 0;
  Image::Losses earlier;
  std::map<std::size_t, std::uint64_t> stored;  // see Image::go_on_from
  auto fields() { return fields_are(row, segment, created_ns, earlier, stored); }
};

struct EndNote {
  std::int64_t id = 0;
  std::optional<std::int64_t> ended_ns;
  End how = End::exited;
  Harvest totals;
  auto fields() { return fields_are(id, ended_ns, how, totals); }
};

template <typename T>
std::string bytes_of(const T& object) {
  std::string bytes;
  Keep keep(bytes);
  keep(object);
  return bytes;
}

template <typename T>
bool parse(std::string_view bytes, T& into) {
  Restore restore(bytes);
  restore(into);
  return restore.good() && restore.at_end();
}

std::string fact(const Facts& facts, std::string_view wanted) {
  for (const auto& [key, value] : facts) {
    if (key == wanted) return value;
  }
  return {};
}

}  // namespace

std::string new_recording() {
  std::uint64_t random[2] = {};
  if (::getrandom(random, sizeof random, 0) != sizeof random) {
    random[0] = static_cast<std::uint64_t>(monotonic_ns());
  }
  return fmt::format("{:016x}{:016x}", random[0], random[1]);
}

// --- taking over ---

std::optional<Recorder::NotedTrace> Recorder::noted_trace(int directory_fd) {
  const Result<std::optional<Logbook::Left>> left =
      Logbook(directory_fd, Logbook::kSnapshotBytes, true).find_left();
  if (!left || !left->has_value()) return std::nullopt;
  Restore archive((*left)->snapshot);
  Memory memory;
  archive(memory);
  if (!archive.good() || memory.recording.empty()) return std::nullopt;
  return NotedTrace{memory.trace_path, memory.recording, fact(memory.facts, "detail") == "calls",
                    fact(memory.facts, "command_lines") == "redacted"};
}

// False: there was nothing, or nothing of use.
Result<bool> Recorder::take_over(const Earlier& earlier) {
  const auto of_no_use = [this](const Error& error) {
    report_problem(error);
    ++broken_journals_;
    batch_.losses.push_back(
        {std::nullopt, kBrokenJournalCause, static_cast<std::int64_t>(broken_journals_)});
    return false;
  };
  const Result<std::optional<Logbook::Left>> left = logbook_.find_left();
  if (!left) return of_no_use(left.error());
  if (!left->has_value()) return false;
  if (Status restored = restore(**left, earlier); !restored) {
    if (!memory_.recording.empty()) return restored.error();
    heirs_.clear();
    return of_no_use(restored.error());
  }

  const bool whole = logbook_.replay(
      **left, [this](RecordKind kind, std::string_view bytes) { return apply_note(kind, bytes); });
  memory_.restarts += std::max<std::uint64_t>(logbook_.attempts(), 1);
  if (!whole) {
    (void)of_no_use({"the notes of the collector before this one cannot be read to their end",
                     "what is missing is counted as lost (collector_restart)"});
  }
  return true;
}

// With an empty memory_.recording: the snapshot is of no use. Else it is, but not for this trace.
Status Recorder::restore(const Logbook::Left& left, const Earlier& earlier) {
  const bool same_trace = options_.mode == store::OpenMode::resume;
  Restore archive(left.snapshot);
  archive(memory_);
  std::uint64_t images = 0;
  archive(images);
  for (; images > 0 && archive.good(); --images) {
    BeginNote origin;
    archive(origin);
    auto image = std::make_unique<Image>(origin.row, origin.segment, memory_.ids,
                                         connect::Options{options_.all_calls});
    if (!archive.good() || !image->restore(archive, !same_trace)) break;
    heirs_.emplace(origin.row.id, Heir{std::move(image), origin.created_ns});
  }
  if (images > 0 || !archive.good() || !archive.at_end() || memory_.recording.empty()) {
    memory_ = Memory();
    return Error{"what the collector before this one knew cannot be read",
                 "what it had not stored is counted as lost (collector_restart)"};
  }

  std::string boot = read_text_file("/proc/sys/kernel/random/boot_id", 64).value_or("");
  while (boot.ends_with('\n')) boot.pop_back();
  of_another_boot_ = fact(memory_.facts, "boot_id") != boot;
  if (of_another_boot_ && !options_.recover) {
    return Error{
        fmt::format("run directory '{}' holds a recording from before this machine started",
                    options_.run_directory),
        fmt::format("store it: sockwatch recover {} -o FILE", options_.run_directory)};
  }
  if (!same_trace) {
    memory_.recording = new_recording();
    for (auto& [key, value] : memory_.facts) {
      if (key == kRecordingKey) value = memory_.recording;
    }
    batch_.facts = memory_.facts;
    count_rows_of_lost_trace();
    return {};
  }

  const auto recorded = earlier.facts.find(kRecordingKey);
  if (recorded == earlier.facts.end() || recorded->second != memory_.recording) {
    return Error{fmt::format("run directory '{}' holds the notes of another recording than '{}'",
                             options_.run_directory, options_.trace_path),
                 "go on with the trace of that one, or record into a new file"};
  }
  std::vector<std::int64_t> processes;
  for (const auto& [id, heir] : heirs_) processes.push_back(id);
  if (Status status = writer_.roll_back(memory_.marks, processes); !status) return status;
  Result<std::vector<store::ProcessRow>> rows = writer_.processes();
  if (!rows) return rows.error();
  for (store::ProcessRow& row : *rows) rows_.insert_or_assign(row.id, std::move(row));
  return {};
}

// What had ended before these notes were begun was in the trace that is gone, and nowhere else.
void Recorder::count_rows_of_lost_trace() {
  for (const auto& [id, heir] : heirs_) take_rows(*heir.image);
  const std::int64_t stored = memory_.marks["connection"];
  const auto still_known = std::ranges::count_if(
      batch_.connections, [&](const store::ConnectionRow& row) { return row.id <= stored; });
  const std::int64_t lost = stored - still_known;
  first_connection_ = lost + 1;  // what this trace will have, counted by ids
  if (lost <= 0) return;
  batch_.losses.push_back({std::nullopt, kLostTraceCause, lost});
  summary_.lost += static_cast<std::uint64_t>(lost);
}

bool Recorder::apply_note(RecordKind kind, std::string_view bytes) {
  switch (kind) {
    case RecordKind::begin:
      return apply_begin(bytes);
    case RecordKind::events:
      return apply_events(bytes);
    case RecordKind::end:
      return apply_end(bytes);
    case RecordKind::refused:
      memory_.refused.emplace(bytes);
      return true;
    default:
      return false;
  }
}

bool Recorder::apply_begin(std::string_view bytes) {
  BeginNote note;
  if (!parse(bytes, note)) return false;
  const std::int64_t id = note.row.id;
  const auto resumed = memory_.resumed.find(note.segment);
  if (resumed != memory_.resumed.end() && resumed->second.process_id == id) {
    memory_.resumed.erase(resumed);  // an old process, but begun after the snapshot
  } else if (id < memory_.next_process_id) {
    return true;  // it is in the snapshot, or has ended before it
  }
  memory_.next_process_id = std::max(memory_.next_process_id, id + 1);
  auto image =
      std::make_unique<Image>(std::move(note.row), std::move(note.segment), memory_.ids,
                              connect::Options{options_.all_calls}, std::move(note.earlier));
  image->go_on_from(std::move(note.stored));
  heirs_.emplace(id, Heir{std::move(image), note.created_ns});
  return true;
}

bool Recorder::apply_events(std::string_view bytes) {
  NotedEvents noted;
  if (!parse_events(bytes, noted)) return false;
  const auto heir = heirs_.find(noted.image);
  if (heir == heirs_.end()) return noted.image < memory_.next_process_id;
  unsaved_events_ += heir->second.image->accept_noted(std::move(noted), monotonic_ns());
  if (unsaved_events_ < kSaveEveryEvents) return true;
  // Only to keep memory bounded: should it fail, all of it is made again by the next attempt.
  for (const auto& [id, other] : heirs_) take_rows(*other.image);
  gather();
  (void)save_batch();
  return true;
}

bool Recorder::apply_end(std::string_view bytes) {
  EndNote note;
  if (!parse(bytes, note)) return false;
  const auto heir = heirs_.find(note.id);
  if (heir == heirs_.end()) return note.id < memory_.next_process_id;
  heir->second.image->end(std::move(note.totals), note.ended_ns, note.how);
  ended_.push_back(std::move(heir->second.image));
  heirs_.erase(heir);
  return true;
}

// Its process and its segment may have gone on without us.
void Recorder::attach(Heir heir) {
  const std::string name = heir.image->segment();
  const std::int64_t id = heir.image->row().id;
  ProcessWatch watch(static_cast<pid_t>(heir.image->row().pid), heir.created_ns);
  ++summary_.segments;
  known_.insert(name);
  Result<std::optional<SegmentFile>> file = SegmentFile::open(directory_fd_, name);
  if (!file || !file->has_value()) {
    if (!file) report_problem(file.error());
    heir.image->lose_segment();
    note_end(*heir.image, Harvest(), std::nullopt, End::exited);
    heir.image->end(Harvest(), std::nullopt, End::exited);
    ended_.push_back(std::move(heir.image));
    return;
  }
  Pump::Intake* intake = pump_.add(
      SegmentReader(*std::move(*file), heir.image->accepted(), &logbook_, id, options_.recover));
  if (nobody_lives() || watch.ended()) {
    end_image(std::move(heir.image), intake, std::nullopt, End::exited);
  } else {
    live_.push_back(Live{std::move(heir.image), intake, std::move(watch), heir.created_ns});
  }
}

// --- leaving ---

void Recorder::note_begin(const Image& image, std::int64_t created_ns,
                          const Image::Losses& earlier) {
  logbook_.note(RecordKind::begin, bytes_of(BeginNote{image.row(), image.segment(), created_ns,
                                                      earlier, image.accepted()}));
}

void Recorder::note_end(const Image& image, const Harvest& last,
                        std::optional<std::int64_t> ended_ns, End how) {
  EndNote note{image.row().id, ended_ns, how, {}};
  note.totals.lost_outside = last.lost_outside;
  note.totals.lost_in_ring = last.lost_in_ring;
  note.totals.broken_rings = last.broken_rings;
  note.totals.missing = last.missing;
  note.totals.broken_segment = last.broken_segment;
  logbook_.note(RecordKind::end, bytes_of(note));
}

// What was drained up to the cut is taken in now and will be in the snapshot; what comes later is
// noted behind it.
void Recorder::cut(std::int64_t now_ns) {
  auto drained = pump_.take_all([&] { cut_ = logbook_.cut(now_ns); });
  for (auto& [intake, harvest] : drained) {
    for (const Live& live : live_) {
      if (live.intake != intake) continue;
      unsaved_events_ += live.image->accept(std::move(harvest), now_ns);
      break;
    }
  }
  // All of them have it by now, so that what is stored in between may make the snapshot.
  for (const Live& live : live_) {
    if (live.image->has_more()) take_in(*live.image, pump_.take(live.intake), now_ns);
  }
}

// Right after everything was committed.
void Recorder::keep_all() {
  const Result<store::Writer::Marks> marks = writer_.marks();
  if (!marks) return;  // at the next commit
  cut_ = false;
  memory_.marks = *marks;
  std::string snapshot;
  Keep archive(snapshot);
  archive(memory_);
  archive(std::uint64_t{live_.size()});
  for (const Live& live : live_) {
    archive(BeginNote{live.image->row(), live.image->segment(), live.created_ns, {}, {}});
    live.image->keep(archive);
  }
  logbook_.keep(snapshot);
}

}  // namespace sockwatch::drain
