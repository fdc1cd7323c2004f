// Keeps the rings from running full: a thread of its own that moves events from all segments into
// private memory and does nothing else, so that no slow disk can make a target lose events.
//
// Its pauses follow how full the rings are; a collector that never paused would make each push of
// the target miss its cache. 4095 slots hold 4 ms of one million events a second: so it looks more
// often than that where the library does not tell when a ring is a quarter full (marks in
// shim/wire/segment.h). A segment that was quiet for kQuietNs is left alone until its library rings
// (`bells`), and where all of them are, the pump sleeps.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "collector/drain/bells.h"
#include "collector/drain/segment_reader.h"
#include "collector/drain/unique_fd.h"

namespace sockwatch::drain {

class Pump {
 public:
  // What may wait in private memory for the disk (32 MiB). Beyond it the rings fill up and the
  // targets count what they drop.
  static constexpr std::size_t kMaxWaitingSlots = std::size_t{1} << 19;

  // So much is taken out at once: it is still in the processor's caches then, and needs no more
  // room than the last time.
  static constexpr std::size_t kWorthTaking = 4096;

  // Much longer than a few rounds: what a library published before it saw the bell armed is found
  // before the pump relies on it. And a program that does something again and again does not have
  // to ring each time.
  static constexpr std::int64_t kQuietNs = 50'000'000;

  struct Intake;  // one segment in the pump's care

  // Where the library tells when a ring is a quarter full, it is looked at so seldom.
  static constexpr std::int64_t kLongestToldPauseNs = 20'000'000;
  explicit Pump(std::int64_t longest_told_pause_ns = kLongestToldPauseNs);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // The handle is valid until finish().
  Intake* add(SegmentReader reader);

  // What came since the last call; never blocks for longer than a round.
  Harvest take(Intake* intake);
  // Whether that may have more in it than a later time up to which all is there.
  bool has_news(const Intake* intake);

  // What was taken and still waits elsewhere, of all segments: it counts as if it waited here.
  void also_waiting(std::size_t slots) { elsewhere_ = slots; }

  // What came in of all segments up to one moment, and `at_that_moment` called in it, with nothing
  // being drained.
  std::vector<std::pair<Intake*, Harvest>> take_all(const std::function<void()>& at_that_moment);

  // The last of it: all rings are looked through once more, then the segment is let go.
  Harvest finish(Intake* intake);

  // Whether all is quiet: until stirred_fd() is readable nothing new comes in. It also becomes
  // readable when enough has come in to be taken before its time. hush() makes it unreadable again.
  bool is_asleep() const;
  int stirred_fd() const { return stirred_.get(); }
  void hush() const;

  // How long to pause when a segment's fullest ring got `slots` in `elapsed_ns`.
  static std::int64_t pause_ns(std::size_t slots, std::int64_t elapsed_ns, std::int64_t longest_ns);
  static constexpr std::int64_t kLongestPauseNs = 3'000'000;

 private:
  void run();
  void sleep(std::unique_lock<std::mutex>& lock, std::int64_t until_ns);
  void stir_if_worth_it();
  std::int64_t drain_due(std::int64_t now_ns);
  void look_into(Intake& intake, std::int64_t now_ns);
  void doze(Intake& intake, bool nothing_new, std::int64_t now_ns);
  Harvest take_locked(Intake& intake);

  const std::int64_t longest_told_pause_ns_;
  Bells bells_;
  UniqueFd stirred_;  // an eventfd

  mutable std::mutex mutex_;  // all of the below
  std::condition_variable changed_;
  std::list<std::unique_ptr<Intake>> intakes_;
  std::size_t waiting_slots_ = 0;
  std::atomic<std::size_t> elsewhere_ = 0;
  std::uint32_t next_armed_ = wire::kFirstArmed;
  bool asleep_ = false;        // all segments are
  bool worth_taking_ = false;  // and said so
  bool sleeping_ = false;      // in bells_, which has to be woken when a segment comes or goes
  bool stopping_ = false;
  bool stirs_ = false;  // when this round is over; the thread's own
  std::thread thread_;
};

}  // namespace sockwatch::drain
