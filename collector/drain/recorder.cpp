#include "collector/drain/recorder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "collector/drain/clock.h"
#include "collector/drain/facts.h"
#include "collector/drain/join_notes.h"
#include "collector/drain/launch_notes.h"
#include "collector/drain/report_problem.h"

namespace sockwatch::drain {
namespace {

using End = connect::Tracker::End;

constexpr int kTickMs = 50;  // while processes live; the pump looks at the rings far more often
constexpr int kAsleepTickMs = 1000;   // while nothing can come in, but what the pump tells
constexpr int kUnfinishedFileMs = 1;  // a ring of a new program may be full in 4
constexpr int kStaleFileMs = 1000;
constexpr int kRetryMs = 1000;
constexpr std::int64_t kSaveEveryNs = 200 * kNsPerMs;

}  // namespace

Recorder::Recorder(const CollectOptions& options, int directory_fd, store::Writer writer)
    : options_(options),
      directory_fd_(directory_fd),
      writer_(std::move(writer)),
      logbook_(directory_fd, options.snapshot_bytes, options.recover) {
  std::error_code error;
  const auto path = std::filesystem::absolute(options.trace_path, error);
  trace_path_ = error ? options.trace_path : path.string();
}

Status Recorder::begin(const Earlier& earlier) {
  for (const store::LossRow& row : earlier.losses) {
    const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(row.count, 0));
    if (row.process_id) earlier_losses_[*row.process_id][row.cause] = count;
    if (!row.process_id && row.cause == kRefusedCause) refused_before_ = count;
    if (!row.process_id && row.cause == kBrokenJournalCause) broken_journals_ = count;
  }
  const Result<bool> taken_over = take_over(earlier);
  if (!taken_over) return taken_over.error();
  // What an earlier collector could not store is made again.
  const bool made_again = std::ranges::any_of(
      earlier.losses, [](const auto& row) { return row.cause == kNotStoredCause; });
  if (made_again) batch_.losses.push_back({std::nullopt, kNotStoredCause, 0});
  if (!*taken_over) {
    if (Status status = begin_anew(earlier); !status) return status;
  }
  // Those whose names were noted are in the count of the trace as well.
  refused_before_ -= std::min<std::uint64_t>(refused_before_, memory_.refused.size());
  memory_.trace_path = trace_path_;
  if (memory_.restarts > 0) {
    batch_.facts.emplace_back(kRestartsKey, fmt::format("{}", memory_.restarts));
  }
  cut(monotonic_ns());
  for (auto& [id, heir] : std::exchange(heirs_, {})) attach(std::move(heir));
  gather();
  Status saved = save_batch();
  if (saved) logbook_.settle();
  return saved;
}

Status Recorder::begin_anew(const Earlier& earlier) {
  const auto known = [&](const char* key) {
    const auto at = earlier.facts.find(key);
    return at == earlier.facts.end() ? std::string() : at->second;
  };
  if (options_.mode == store::OpenMode::resume) {
    if (Status status = read_resumed(); !status) return status;
    memory_.facts.assign(earlier.facts.begin(), earlier.facts.end());
    memory_.recording = known(kRecordingKey);
    memory_.restarts = std::strtoull(known(kRestartsKey).c_str(), nullptr, 10) + 1;
  } else {
    memory_.facts = collect_facts(options_.all_calls);
    if (options_.redact) memory_.facts.emplace_back("command_lines", "redacted");
    memory_.recording = new_recording();
    memory_.facts.emplace_back(kRecordingKey, memory_.recording);
    batch_.facts = memory_.facts;
  }
  return {};
}

Status Recorder::read_resumed() {
  struct Counter {
    const char* table;
    std::int64_t* next;
  };
  for (const Counter& counter :
       {Counter{"process", &memory_.next_process_id},
        Counter{"connection", &memory_.ids.next_connection},
        Counter{"resolution", &memory_.ids.next_resolution},
        Counter{"wait", &memory_.ids.next_wait}, Counter{"listener", &memory_.ids.next_listener},
        Counter{"failed_call", &memory_.ids.next_failed_call}}) {
    const Result<std::int64_t> largest = writer_.largest_id(counter.table);
    if (!largest) return largest.error();
    *counter.next = *largest + 1;
  }
  Result<std::vector<store::ProcessRow>> processes = writer_.processes();
  if (!processes) return processes.error();
  for (store::ProcessRow& row : *processes) rows_.insert_or_assign(row.id, std::move(row));
  const Result<std::vector<store::PositionRow>> positions = writer_.positions();
  if (!positions) return positions.error();
  for (const store::PositionRow& row : *positions) {
    if (!is_there(row.segment)) continue;
    Resumed& segment = memory_.resumed[row.segment];
    if (row.slot == kProcessOfSegment) {
      segment.process_id = row.sequence;
    } else if (row.slot >= 0 && row.slot < static_cast<std::int64_t>(wire::kSlotCount)) {
      segment.positions[static_cast<std::size_t>(row.slot)] =
          static_cast<std::uint64_t>(row.sequence);
    }
  }
  return {};
}

void Recorder::add_descriptors(std::vector<int>& fds) const {
  if (store_failing_) return;  // nothing is taken out until the trace can be written again
  fds.push_back(pump_.stirred_fd());
  for (const Live& live : live_) {
    if (live.watch.fd() >= 0) fds.push_back(live.watch.fd());
  }
}

int Recorder::patience_ms() const {
  if (store_failing_) return kRetryMs;
  const std::int64_t now = monotonic_ns();
  int result = kTickMs;
  if (batch_.empty() && ended_.empty() && (live_.empty() || is_asleep())) {
    result = live_.empty() ? -1 : kAsleepTickMs;
  }
  for (const auto& [name, file] : waiting_) {
    const bool fresh = now - file.since_ns < kNsPerSecond;
    const int pause = fresh ? kUnfinishedFileMs : kStaleFileMs;
    result = result < 0 ? pause : std::min(result, pause);
  }
  return result;
}

// Whether nothing is in hand, and what comes makes a descriptor readable.
bool Recorder::is_asleep() const {
  return unsaved_events_ == 0 && !cut_ && pump_.is_asleep() &&
         std::ranges::all_of(live_, [](const Live& live) {
           return live.watch.fd() >= 0 && live.image->held() == 0;
         });
}

void Recorder::tick() {
  pump_.hush();
  const std::int64_t now = monotonic_ns();
  if (store_failing_) {
    if (now - last_save_ns_ >= std::int64_t{kRetryMs} * kNsPerMs) (void)save_batch();
    return;
  }
  for (const std::string& name : waiting_names()) try_open(name, waiting_.at(name).was_there);

  for (std::size_t i = 0; i < live_.size();) {
    Live& live = live_[i];
    if (live.watch.ended()) {
      take_in(*live.image, pump_.take(live.intake), now);
      Live gone = std::move(live);
      live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(i));
      end_exited(std::move(gone), now);
      continue;
    }
    if (pump_.has_news(live.intake) || live.image->held() > 0) {
      take_in(*live.image, pump_.take(live.intake), now);
    }
    ++i;
  }
  if (now - last_save_ns_ >= kSaveEveryNs || unsaved_events_ >= kSaveEveryEvents) {
    if (!cut_ && logbook_.due(now)) cut(now);
    gather_and_save();
  }
}

// In parts, each of which is stored before the next. The image is one of live_: a snapshot may be
// written meanwhile.
void Recorder::take_in(Image& image, Harvest harvest, std::int64_t now_ns) {
  unsaved_events_ += image.accept(std::move(harvest), now_ns);
  while (image.has_more() && !store_failing_) {
    pump_.also_waiting(image.held());
    if (unsaved_events_ >= kSaveEveryEvents) gather_and_save();
    unsaved_events_ += image.go_on(now_ns);
  }
  pump_.also_waiting(image.held());
}

bool Recorder::in_the_middle() const {
  return std::ranges::any_of(live_, [](const Live& live) { return live.image->has_more(); });
}

void Recorder::gather_and_save() {
  gather();
  if (Status saved = save_batch(); !saved) tell_store_failure(saved.error());
}

// Once; from then on it is tried again every second.
void Recorder::tell_store_failure(const Error& error) {
  if (store_failure_told_) return;
  store_failure_told_ = true;
  report_problem(
      {fmt::format("{}; it is tried again every second, and what does not fit into memory until "
                   "then is counted as lost",
                   error.message),
       error.hint});
}

// Its process has ended. The image may have ended before: with the exec of a program that made no
// segment, because it is not seen.
void Recorder::end_exited(Live gone, std::int64_t now_ns) {
  exec_notes_.read(directory_fd_);
  const auto replaced = exec_notes_.replaced(gone.image->row().pid, gone.created_ns);
  end_image(std::move(gone.image), gone.intake, replaced.value_or(now_ns),
            replaced ? End::replaced : End::exited);
}

void Recorder::end_image(std::unique_ptr<Image> image, Pump::Intake* intake,
                         std::optional<std::int64_t> ended_ns, End how) {
  Harvest last = pump_.finish(intake);
  note_end(*image, last, ended_ns, how);
  image->end(std::move(last), ended_ns, how);
  ended_.push_back(std::move(image));
}

void Recorder::take_rows(Image& image) {
  const std::size_t known_rows = batch_.processes.size();
  image.take(batch_);
  for (std::size_t i = known_rows; i < batch_.processes.size(); ++i) {
    rows_.insert_or_assign(batch_.processes[i].id, batch_.processes[i]);
  }
}

// Moves everything that changed into the batch.
void Recorder::gather() {
  for (const Live& live : live_) take_rows(*live.image);
  for (const std::unique_ptr<Image>& image : ended_) {
    take_rows(*image);
    unsaved_segments_.push_back(image->segment());
    add_to_summary(*image);
  }
  ended_.clear();
}

void Recorder::add_to_summary(const Image& image) {
  last_event_ns_ =
      std::max({last_event_ns_, image.last_event_ns(), image.row().ended_ns.value_or(0)});
  summary_.events += image.applied();
  summary_.lost += image.lost();
}

// The batch is kept until it is stored whole; meanwhile the rings hold what fits into them, and the
// targets count what does not.
Status Recorder::save_batch() {
  last_save_ns_ = monotonic_ns();
  if (!batch_.empty()) {
    Status saved = save(batch_, writer_);
    store_failing_ = !saved;
    if (!saved) return saved;
    batch_ = Batch();
  }
  unsaved_events_ = 0;
  remove_stored_segments();
  // Rows of an image that has ended are not in a snapshot, so they come first; and one with all of
  // a backlog in it would be large.
  if (cut_ && ended_.empty() && !in_the_middle()) keep_all();
  return {};
}

void Recorder::remove_stored_segments() {
  if (!options_.recover) {
    for (const std::string& name : unsaved_segments_) {
      ::unlinkat(directory_fd_, name.c_str(), 0);
      known_.erase(name);
    }
  }
  unsaved_segments_.clear();
}

Result<CollectSummary> Recorder::finish() {
  const std::int64_t now = monotonic_ns();
  cut_ = false;  // from here on there is nothing to go on with
  // What began while the trace could not be written is at least counted as not stored.
  for (const std::string& name : waiting_names()) try_open(name, waiting_.at(name).was_there);
  for (const Live& live : live_) {
    if (!store_failing_) take_in(*live.image, pump_.take(live.intake), now);
  }
  for (Live& live : live_) {
    if (live.watch.ended()) {
      end_exited(std::move(live), now);
    } else {
      live.image->stop(pump_.finish(live.intake), now);
    }
  }
  std::erase_if(live_, [](const Live& live) { return live.image == nullptr; });
  gather();
  for (const Live& live : live_) add_to_summary(*live.image);
  add_unseen_programs();
  add_notes();
  // Nobody knows when the machine died; the newest thing seen is the best there is.
  const bool seen_none = last_event_ns_ == 0;
  batch_.facts.emplace_back(
      "ended", fmt::format("{}", options_.recover && !seen_none ? last_event_ns_ : now));
  if (Status saved = save_batch(); !saved) {
    writer_.make_last_room();
    if (!save_batch()) {
      // Segments and notes stay, for whoever collects again. This trace says what it lacks.
      (void)save_as_lost(batch_, words_for_trace(saved.error()), writer_);
      return saved.error();
    }
  }
  if (Status finished = writer_.finish(); !finished) {
    if (writer_.is_complete_elsewhere()) logbook_.remove_all();
    return finished.error();
  }
  if (!options_.recover) {
    logbook_.remove_all();
    ExecNotes::remove(directory_fd_);
  }
  summary_.connections =
      static_cast<std::uint64_t>(memory_.ids.next_connection - first_connection_);
  summary_.lost += refused() + broken_journals_;
  summary_.restarts = memory_.restarts;
  summary_.refused = memory_.refused.size();
  return summary_;
}

// The words of an error name the trace as it was given, which may tell whose it is.
std::string Recorder::words_for_trace(const Error& error) const {
  std::string words = error.message;
  const std::string path = "'" + options_.trace_path + "'";
  for (std::size_t at = 0; options_.redact && (at = words.find(path, at)) != std::string::npos;) {
    words.replace(at, path.size(), "[redacted]");
  }
  return words;
}

std::uint64_t Recorder::refused() const { return refused_before_ + memory_.refused.size(); }

// A Go program is noted before it begins. Where a part in C has connected it has a row already.
bool Recorder::has_segment(const store::ProcessRow& noted) const {
  return noted.coverage == "go" && std::ranges::any_of(rows_, [&](const auto& entry) {
           const store::ProcessRow& row = entry.second;
           return row.coverage == "go" && row.pid == noted.pid && row.exe == noted.exe;
         });
}

// Before the launcher's notes, which know how the last image of a process ended.
void Recorder::add_unseen_programs() {
  exec_notes_.read(directory_fd_);
  for (store::ProcessRow& row : exec_notes_.programs()) {
    if (has_segment(row)) continue;
    row.id = memory_.next_process_id++;
    if (options_.redact && row.command_line) {
      row.command_line = without_arguments(*row.command_line);
    }
    batch_.processes.push_back(row);
    rows_.insert_or_assign(row.id, std::move(row));
  }
  if (const std::uint64_t missing = exec_notes_.missing(); missing > 0) {
    batch_.losses.push_back({std::nullopt, kExecNotesCause, static_cast<std::int64_t>(missing)});
    summary_.lost += missing;
  }
}

void Recorder::add_notes() {
  const Result<std::vector<store::ProcessRow>> notes = read_notes(options_.run_directory);
  if (!notes) {
    report_problem(notes.error());
    return;
  }
  std::vector<store::ProcessRow> seen;
  for (const auto& [id, row] : rows_) seen.push_back(row);
  for (store::ProcessRow& row : join_notes(seen, *notes, memory_.next_process_id)) {
    if (options_.redact && row.command_line) {
      row.command_line = without_arguments(*row.command_line);
    }
    batch_.processes.push_back(std::move(row));
  }
}

}  // namespace sockwatch::drain
