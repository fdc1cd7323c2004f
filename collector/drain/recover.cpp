#include "collector/drain/recover.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "collector/drain/launch_notes.h"
#include "collector/drain/logbook.h"
#include "collector/drain/process.h"
#include "collector/drain/recorder.h"
#include "collector/drain/report_problem.h"
#include "collector/drain/run_directory.h"
#include "collector/drain/segment_file.h"
#include "collector/drain/system_error.h"
#include "collector/store/copy_trace.h"
#include "collector/store/reader.h"
#include "collector/store/schema.h"

namespace sockwatch::drain {
namespace {

struct Content {
  std::vector<std::string> segments;
  std::vector<std::string> notes;
};

Content content_of(int directory_fd) {
  Content content;
  const int fd = ::openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(fd < 0 ? nullptr : ::fdopendir(fd), ::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (parse_segment_name(name)) content.segments.push_back(name);
    if (Logbook::is_file_name(name) || name.starts_with(kNotesFile)) content.notes.push_back(name);
  }
  std::ranges::sort(content.segments);
  return content;
}

// False where it may not be looked at: then the process counts as the owner.
bool surely_lacks(pid_t pid, const std::string& segment) {
  std::ifstream maps(fmt::format("/proc/{}/maps", pid));
  bool read_any = false;
  for (std::string line; std::getline(maps, line); read_any = true) {
    if (line.find(segment) != std::string::npos) return false;
  }
  return read_any;
}

// "4711 (curl)"; empty if nobody does. A number may have gone to another process since, perhaps on
// another boot: that one has not mapped the segment.
std::string who_records(const std::vector<std::string>& segments) {
  for (const std::string& name : segments) {
    const SegmentName owner = parse_segment_name(name).value_or(SegmentName{});
    ProcessWatch watch(owner.pid, owner.created_ns);
    if (watch.ended() || surely_lacks(owner.pid, name)) continue;
    const std::string exe = watch.facts() ? watch.facts()->exe : std::string();
    return fmt::format("{} ({})", owner.pid, exe.substr(exe.rfind('/') + 1));
  }
  return {};
}

store::OpenMode mode_of(const RecoverOptions& options) {
  return options.replace ? store::OpenMode::replace : store::OpenMode::create;
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) && !error;
}

std::map<std::string, std::string> facts_of(const std::string& trace) {
  Result<store::Reader> reader = store::Reader::open(trace);
  if (!reader) {
    // Killed in its last step: only a writer clears away what that leaves half done.
    (void)store::Writer::open(trace, store::OpenMode::resume);
    reader = store::Reader::open(trace);
  }
  if (!reader) return {};
  auto facts = reader->trace();
  return facts ? std::move(*facts) : std::map<std::string, std::string>();
}

// Where the trace is made. A new one has another name until it is whole: one that was killed on the
// way is in nobody's way, and the next recover of this name replaces it.
struct Making {
  std::string path;
  store::OpenMode mode;
  bool in_place;
};

// Sees to it that the path returned can be opened with the mode returned: what the collector had
// stored already is in it, if it is to be found. `begun_as`: where that was.
Result<Making> prepare_trace(const RecoverOptions& options,
                             const std::optional<Recorder::NotedTrace>& noted,
                             std::string& begun_as) {
  const auto anew = [&]() -> Result<Making> {
    if (Status may = store::may_become_trace(options.trace_path, mode_of(options)); !may) {
      return may.error();
    }
    return Making{options.trace_path + ".recovering", store::OpenMode::replace, false};
  };
  if (!noted) return anew();
  const auto facts = facts_of(noted->path);
  const auto recording = facts.find(kRecordingKey);
  if (recording == facts.end() || recording->second != noted->recording) {
    report_problem(
        {fmt::format("the trace that was being written, '{}', is not there any more or cannot be "
                     "read",
                     noted->path),
         "connections that had ended and were stored there are counted as lost (lost_trace)"});
    return anew();
  }
  if (facts.contains(store::kFinishedKey)) {
    return Error{
        fmt::format("the recording in '{}' was completed: its trace is '{}'", options.run_directory,
                    noted->path),
        fmt::format("open it: sockwatch report {}; then remove the directory", noted->path)};
  }
  begun_as = noted->path;
  if (same_file(noted->path, options.trace_path)) {
    return Making{options.trace_path, store::OpenMode::resume, true};
  }
  Result<Making> making = anew();
  if (!making) return making;
  if (Status copied = store::copy_trace(noted->path, making->path, making->mode); !copied) {
    return copied.error();
  }
  making->mode = store::OpenMode::resume;
  return making;
}

// Only what was there when we looked.
bool remove(const RecoverOptions& options, int directory_fd, const Content& content) {
  for (const auto* names : {&content.segments, &content.notes}) {
    for (const std::string& name : *names) ::unlinkat(directory_fd, name.c_str(), 0);
  }
  if (::rmdir(options.run_directory.c_str()) == 0) return true;
  report_problem({fmt::format("run directory '{}' is read, but cannot be removed: {}",
                              options.run_directory, errno_text(errno)),
                  errno == ENOTEMPTY ? "it holds files that are not sockwatch's" : ""});
  return false;
}

}  // namespace

Result<Recovered> recover(const RecoverOptions& options) {
  const Result<UniqueFd> directory = open_run_directory(options.run_directory);
  if (!directory) return directory.error();
  // What a collector at work holds (sockwatch collect).
  if (::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{fmt::format("run directory '{}' is still being recorded: a collector is at work "
                             "on it",
                             options.run_directory),
                 "it stores everything itself when the recording ends"};
  }
  const Content content = content_of(directory->get());
  // What a launcher notes comes with the end of a recording; alone it is left of a complete one.
  if (content.segments.empty() && std::ranges::none_of(content.notes, Logbook::is_file_name)) {
    return Error{fmt::format("there is nothing to recover in '{}': neither segments nor notes of a "
                             "collector",
                             options.run_directory),
                 "recordings leave their directory in /dev/shm, $TMPDIR or /tmp: look for "
                 "sockwatch-*"};
  }
  if (const std::string who = who_records(content.segments); !who.empty()) {
    return Error{fmt::format("run directory '{}' is still being recorded: process {} writes to it",
                             options.run_directory, who),
                 fmt::format("wait until it has ended, or go on recording: sockwatch collect --dir "
                             "{} -o FILE",
                             options.run_directory)};
  }

  Recovered recovered;
  const auto noted = Recorder::noted_trace(directory->get());
  const Result<Making> making = prepare_trace(options, noted, recovered.begun_as);
  if (!making) return making.error();
  CollectOptions collecting;
  collecting.run_directory = options.run_directory;
  collecting.trace_path = making->path;
  collecting.mode = making->mode;
  collecting.recover = true;
  collecting.all_calls = noted && noted->all_calls;
  collecting.redact = noted && noted->redact;
  Result<CollectSummary> summary = collect(collecting);
  Status named;
  if (summary && !making->in_place) {
    named = store::name_trace(making->path, options.trace_path, mode_of(options));
  }
  if (!summary || !named) {
    // Half of it is worse than none: the directory still has everything.
    if (!making->in_place) store::discard_trace(making->path);
    return summary ? named.error() : summary.error();
  }
  recovered.summary = *summary;
  const bool all_read = recovered.summary.refused == 0;
  if (all_read && !options.keep) recovered.removed = remove(options, directory->get(), content);
  return recovered;
}

}  // namespace sockwatch::drain
