// What a collector writes down so that nothing is lost with it: everything it takes in, before it
// lets go of it elsewhere, and from time to time all it knows, so that the rest can be short.
//
//   snapshot.7        all that was known when journal.7 was begun, or a little later
//   journal.7         everything taken in since
//   journal.8         begun for the next snapshot, which is not written yet
//   journal.spare     an old one, to be written over
//
// Another collector reads the newest snapshot and then the journals from its number on. It may meet
// there what the snapshot has already: sequence numbers and ids tell.
//
// Never in the way of recording: when it cannot be written (no room in the run directory), all of
// it is removed, recording goes on, and it is begun anew a second later. A collector that is killed
// in between loses what it had not stored, and the next one counts it.
//
// Any thread may call note() and events(); the rest belongs to one.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/drain/journal.h"
#include "collector/support/result.h"
#include "shim/wire/segment.h"

namespace sockwatch::drain {

class Logbook {
 public:
  static constexpr std::uint64_t kSnapshotBytes = std::uint64_t{1} << 20;
  // So many collectors may die in a row while they take over; then it is the logbook that kills.
  static constexpr std::uint64_t kMostAttempts = 100;
  // No journal gets much longer, nor than a quarter of what was free when it began: the run
  // directory is memory of the machine, and of a container often all it has in /dev/shm.
  static constexpr std::uint64_t kMostBytes = std::uint64_t{256} << 20;

  // `snapshot_bytes`: a journal of this length is worth a snapshot, unless that is longer than half
  // of it.
  // `reads_only`: what was left is read and stays as it is, and nothing is noted.
  explicit Logbook(int directory_fd, std::uint64_t snapshot_bytes = kSnapshotBytes,
                   bool reads_only = false, std::uint64_t most_bytes = kMostBytes)
      : directory_fd_(directory_fd),
        snapshot_bytes_(snapshot_bytes),
        most_bytes_(most_bytes),
        reads_only_(reads_only),
        most_(most_bytes) {}

  static bool is_file_name(std::string_view name);

  // --- what an earlier collector left ---
  struct Left {
    std::uint64_t number = 0;
    std::string snapshot;
  };
  // Empty: nothing was left. An Error: it is of no use.
  Result<std::optional<Left>> find_left();
  // Notes that one more collector takes over, then calls `each` for the records since. False: the
  // records end early, something is missing behind them.
  bool replay(const Left& left, const std::function<bool(RecordKind, std::string_view)>& each);
  // By how many collectors this was attempted since the snapshot, this one included.
  std::uint64_t attempts() const { return attempts_; }

  // --- what this one leaves ---
  bool due(std::int64_t now_ns) const;
  // From here on everything belongs to the next snapshot. False: not now.
  bool cut(std::int64_t now_ns);
  // The snapshot of the last cut; what is older is removed.
  void keep(const std::string& snapshot);
  // What an earlier collector left is stored elsewhere by now: only from here on may it go if there
  // is no room for notes. Then it must: what comes next is not in it.
  void settle();
  void remove_all();

  void note(RecordKind kind, std::string_view bytes);

  // Slots of one ring.
  struct Slots {
    std::size_t ring = 0;
    std::span<const wire::Event> events;
  };
  // `watermark_ns`: with these, all that returned before is out (0: not known).
  void events(std::int64_t image, std::int64_t watermark_ns, std::span<const Slots> rings);
  // No more events before the next cut. From any thread.
  bool is_long() const { return noted_ >= most_; }

 private:
  void give_up(const char* what);  // mutex_ is held
  void remove_files(std::uint64_t before);
  void put_aside(std::uint64_t number);

  const int directory_fd_;
  const std::uint64_t snapshot_bytes_;
  const std::uint64_t most_bytes_;
  const bool reads_only_;
  mutable std::mutex mutex_;
  JournalWriter journal_;                 // closed: nothing is noted at present
  std::atomic<std::uint64_t> noted_ = 0;  // its length
  std::atomic<std::uint64_t> most_;
  std::uint64_t number_ = 0;
  bool left_is_needed_ = false;
  std::uint64_t attempts_ = 0;
  std::uint64_t worth_a_snapshot_ = 0;
  std::int64_t given_up_ns_ = 0;
  int error_ = 0;  // why nothing can be written
  bool told_ = false;
  std::vector<iovec> pieces_;
  std::vector<std::uint32_t> table_;
};

// The bytes of a record of events, taken apart again; false if they are not what events() wrote.
struct NotedEvents {
  std::int64_t image = 0;
  std::int64_t watermark_ns = 0;
  struct Ring {
    std::size_t ring = 0;
    std::vector<wire::Event> events;
  };
  std::vector<Ring> rings;
};
bool parse_events(std::string_view bytes, NotedEvents& into);

}  // namespace sockwatch::drain
