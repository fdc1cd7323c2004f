#include "collector/drain/collect.h"

#include <fmt/format.h>
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "collector/drain/directory_watch.h"
#include "collector/drain/recorder.h"
#include "collector/drain/run_directory.h"
#include "collector/drain/signal_hold.h"
#include "collector/drain/system_error.h"
#include "collector/drain/text_file.h"
#include "collector/store/reader.h"

namespace sockwatch::drain {
namespace {

// What the writer of a resumed trace does not tell. Times of a trace are of one boot; a recording
// cannot go on across two, only be brought to its end.
Result<Recorder::Earlier> read_earlier(const std::string& trace_path, bool recover) {
  const Result<store::Reader> reader = store::Reader::open(trace_path);
  if (!reader) return reader.error();
  const auto facts = reader->trace();
  if (!facts) return facts.error();
  const auto recorded = facts->find("boot_id");
  std::string current = read_text_file("/proc/sys/kernel/random/boot_id", 64).value_or("");
  while (current.ends_with('\n')) current.pop_back();
  if (!recover && recorded != facts->end() && recorded->second != current) {
    return Error{fmt::format("trace '{}' was recorded before this machine started", trace_path),
                 "record into a new file"};
  }
  auto losses = reader->losses();
  if (!losses) return losses.error();
  return Recorder::Earlier{{facts->begin(), facts->end()}, std::move(*losses)};
}

Status watch_until_stopped(int stop_fd, DirectoryWatch& directory, Recorder& recorder) {
  std::vector<int> fds;
  std::vector<pollfd> waiting;
  do {
    for (const std::string& name : directory.found()) recorder.found(name, false);
    recorder.tick();

    fds.assign({stop_fd, directory.fd()});
    recorder.add_descriptors(fds);
    waiting.clear();
    for (const int fd : fds) waiting.push_back({fd, POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), recorder.patience_ms()) < 0 && errno != EINTR) {
      return Error{fmt::format("cannot wait for events: {}", errno_text(errno)), ""};
    }
  } while (waiting.front().revents == 0);
  for (const std::string& name : directory.found()) recorder.found(name, false);
  recorder.tick();
  return {};
}

}  // namespace

Result<CollectSummary> collect(const CollectOptions& options) {
  // What the pump's thread allocates this one frees: a heap for each would keep it. And events come
  // and go in large pieces, each of which would be new pages from the kernel.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 4 << 20);
  const SignalHold signals;
  const Result<UniqueFd> directory = open_run_directory(options.run_directory);
  if (!directory) return directory.error();
  if (Status sound = check_file_system(directory->get(), options.run_directory); !sound) {
    return sound.error();
  }
  Result<DirectoryWatch> watch = DirectoryWatch::open(*directory);
  if (!watch) return watch.error();
  Result<store::Writer> writer = store::Writer::open(options.trace_path, options.mode);
  if (!writer) return writer.error();
  // After the writer, which clears away what a killed one left half done.
  Result<Recorder::Earlier> earlier = Recorder::Earlier();
  if (options.mode == store::OpenMode::resume) {
    earlier = read_earlier(options.trace_path, options.recover);
  }
  if (!earlier) return earlier.error();
  Recorder recorder(options, directory->get(), std::move(*writer));
  if (Status begun = recorder.begin(*earlier); !begun) return begun.error();
  for (const std::string& name : watch->found()) {
    recorder.found(name, true);
    if (options.recover) recorder.tick();  // there may be thousands: not all of it in memory
  }
  if (options.reached) options.reached(Stage::recording);
  if (options.recover) return recorder.finish();
  if (Status watched = watch_until_stopped(options.stop_fd, *watch, recorder); !watched) {
    return watched.error();
  }
  auto summary = recorder.finish();
  // Before the watch is given up, for which the kernel takes some 20 ms.
  if (summary && options.reached) options.reached(Stage::complete);
  return summary;
}

}  // namespace sockwatch::drain
