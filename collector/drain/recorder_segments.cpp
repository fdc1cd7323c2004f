// Files that appear in the run directory: which are segments, whose, and what is known of their
// processes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/drain/clock.h"
#include "collector/drain/pid_namespace.h"
#include "collector/drain/recorder.h"
#include "collector/drain/report_problem.h"

namespace sockwatch::drain {
namespace {

using End = connect::Tracker::End;

constexpr std::int64_t kUnfinishedGraceNs = 50 * kNsPerMs;

}  // namespace

void Recorder::found(const std::string& name, bool was_there) {
  if (known_.contains(name)) return;
  waiting_.try_emplace(name, Waiting{monotonic_ns(), was_there});
  if (store_failing_) return;  // looked at once the trace can be written again
  try_open(name, waiting_.at(name).was_there);
}

void Recorder::try_open(const std::string& name, bool was_there) {
  Result<std::optional<SegmentFile>> file = SegmentFile::open(directory_fd_, name);
  if (file && !file->has_value()) {
    // A process that is gone cannot finish its file. First ask for the process, then look again.
    // The number may be one of another PID namespace, so it gets the time it needs.
    const SegmentName creator = parse_segment_name(name).value_or(SegmentName{});
    if (!ProcessWatch(creator.pid, creator.created_ns).ended()) return;
    const bool early = monotonic_ns() - waiting_.at(name).since_ns < kUnfinishedGraceNs;
    if (early && !options_.recover) return;
    file = SegmentFile::open(directory_fd_, name);
    if (file && !file->has_value() && !options_.recover) {
      ::unlinkat(directory_fd_, name.c_str(), 0);
    }
  }
  waiting_.erase(name);
  if (!file) {
    if (!is_there(name)) return;  // removed meanwhile
    report_problem(file.error());
    known_.insert(name);
    memory_.refused.insert(name);
    logbook_.note(RecordKind::refused, name);
    batch_.losses.push_back({std::nullopt, kRefusedCause, static_cast<std::int64_t>(refused())});
  } else if (file->has_value()) {
    known_.insert(name);
    start(*std::move(*file), was_there);
  }
}

void Recorder::start(SegmentFile file, bool was_there) {
  const std::int64_t now = monotonic_ns();
  const SegmentOrigin& origin = file.origin();
  const std::int64_t created_ns = origin.created_ns;
  const pid_t pid = pid_here(origin.pid, origin.pid_namespace);
  ProcessWatch watch(pid, created_ns);

  // A process has one image at a time: an exec replaced the older one.
  bool replaced = false;
  std::optional<std::int64_t> replaced_ns;
  for (auto at = live_.begin(); at != live_.end();) {
    if (pid == 0 || at->image->row().pid != pid) {
      ++at;
    } else if (at->created_ns > created_ns) {
      replaced = true;
      replaced_ns = at->created_ns;
      ++at;
    } else {
      take_in(*at->image, pump_.take(at->intake), now);
      Live older = std::move(*at);
      at = live_.erase(at);
      end_image(std::move(older.image), older.intake, created_ns, End::replaced);
    }
  }

  Resumed earlier;
  if (const auto at = memory_.resumed.find(file.name()); at != memory_.resumed.end()) {
    earlier = std::move(at->second);
    memory_.resumed.erase(at);
  }
  const std::int64_t id = earlier.process_id != 0 ? earlier.process_id : memory_.next_process_id++;
  Image::Losses losses = std::move(earlier_losses_[id]);
  earlier_losses_.erase(id);
  auto image = std::make_unique<Image>(describe(file, watch, id, pid), file.name(), memory_.ids,
                                       connect::Options{options_.all_calls}, losses);
  image->go_on_from(earlier.positions);
  note_begin(*image, created_ns, losses);
  ++summary_.segments;
  Pump::Intake* intake =
      pump_.add(SegmentReader(std::move(file), earlier.positions, &logbook_, id, options_.recover));
  if (replaced) {
    end_image(std::move(image), intake, replaced_ns, End::replaced);
  } else if (nobody_lives() || watch.ended()) {
    end_image(std::move(image), intake, was_there ? std::nullopt : std::optional(now), End::exited);
  } else {
    live_.push_back(Live{std::move(image), intake, std::move(watch), created_ns});
  }
}

store::ProcessRow Recorder::describe(const SegmentFile& file, const ProcessWatch& watch,
                                     std::int64_t id, pid_t pid) const {
  const SegmentOrigin& origin = file.origin();
  store::ProcessRow row;
  row.id = id;
  row.pid = pid != 0 ? pid : origin.pid;
  row.ppid = origin.ppid;
  row.uid = origin.uid;
  row.exe = origin.exe;
  row.command_line = origin.command_line;
  row.coverage = origin.is_go ? "go" : "preload";
  if (const std::optional<ProcessFacts>& facts = watch.facts(); facts && !nobody_lives()) {
    row.start_ticks = facts->start_ticks;
    row.started_ns = facts->started_ns;
    row.ppid = facts->ppid;
    if (facts->uid) row.uid = facts->uid;
    row.descriptor_limit = facts->descriptor_limit;
    // /proc has the whole text where the segment's is cut. If it names another program, this image
    // was replaced meanwhile, and the segment is right about it.
    const bool same_image = facts->exe.starts_with(origin.exe);
    if (same_image && !facts->exe.empty()) row.exe = facts->exe;
    if (same_image && !facts->command_line.empty()) row.command_line = facts->command_line;
    if (same_image && !facts->proxies.empty()) row.proxies = facts->proxies;
  }
  if (options_.redact && row.command_line) row.command_line = without_arguments(*row.command_line);
  return row;
}

// A copy: whoever is opened does not wait any more.
std::vector<std::string> Recorder::waiting_names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : waiting_) names.push_back(name);
  return names;
}

bool Recorder::is_there(const std::string& name) const {
  struct stat status {};
  return ::fstatat(directory_fd_, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace sockwatch::drain
