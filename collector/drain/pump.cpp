#include "collector/drain/pump.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "collector/drain/clock.h"

namespace sockwatch::drain {
namespace {

constexpr std::int64_t kShortestPauseNs = 1 * kNsPerMs;
constexpr std::size_t kComfortableSlots = wire::kRingCapacity / 4;  // where the library tells
constexpr std::int64_t kNoOftenerNs = kNsPerMs / 4;                 // than this
// Segments due this soon are drained in the same round: one wake-up instead of two.
constexpr std::int64_t kTogetherNs = kNsPerMs / 2;
// A quiet segment is looked at as often, but only this often in full.
constexpr std::int64_t kFullRoundEveryNs = kNsPerSecond / 4;
// And one that sleeps only so often, all of them in the same moment.
constexpr std::int64_t kAsleepRoundEveryNs = kNsPerSecond;

// The program's signals belong to its other threads. Faults stay: SIGBUS is how a truncated
// segment shows itself.
sigset_t signals_to_block() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) {
    sigdelset(&signals, fault);
  }
  return signals;
}

// A round takes a tenth of a millisecond; the scheduler that knows (Linux 6.12) puts us the sooner
// before those that run for long. Without it we wait our turn.
void ask_for_short_slices() {
  struct Attributes {  // struct sched_attr, version 0
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime_ns, deadline_ns, period_ns;
  };
  static_assert(sizeof(Attributes) == 48);
  constexpr std::uint64_t kSliceNs = 100'000;
  Attributes attributes{};
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER) return;
  attributes.size = sizeof attributes;
  attributes.runtime_ns = kSliceNs;
  (void)::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

std::int64_t next_asleep_round_ns(std::int64_t now_ns) {
  return (now_ns / kAsleepRoundEveryNs + 1) * kAsleepRoundEveryNs;
}

void disarm(Bells::Word& bell) {
  std::uint32_t state = bell.load();
  while (state >= wire::kFirstArmed && !bell.compare_exchange_weak(state, wire::kSilent)) {
  }
}

enum class Sleep : std::uint8_t { awake, armed, asleep };

}  // namespace

struct Pump::Intake {
  explicit Intake(SegmentReader given) : reader(std::move(given)) {}
  SegmentReader reader;
  Harvest harvest;
  std::int64_t drained_ns = 0;
  std::int64_t full_round_ns = 0;  // the last that was one
  std::int64_t due_ns = 0;
  std::int64_t last_new_ns = 0;  // when a round last found something
  std::int64_t armed_ns = 0;
  std::uint32_t armed = 0;  // the value of the bell
  Sleep sleep = Sleep::awake;
  bool news = true;                   // in the harvest
  std::optional<std::uint32_t> told;  // the value of that word, where we are told

  Bells::Word& bell() const { return reader.file().bell(); }
  Bells::Word& told_word() const { return reader.file().told(); }
  bool is_told_now() const { return told && !reader.file().broken() && told_word() != *told; }
  // Of a broken segment nothing is to come, so nobody has to ring.
  bool was_rung() const { return !reader.file().broken() && bell().load() != armed; }
};

Pump::Pump(std::int64_t longest_told_pause_ns)
    : longest_told_pause_ns_(longest_told_pause_ns),
      stirred_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  // Blocked before the thread starts, so that it never has a moment without.
  const sigset_t blocked = signals_to_block();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Pump::~Pump() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  bells_.wake();
  thread_.join();
}

Pump::Intake* Pump::add(SegmentReader reader) {
  auto intake = std::make_unique<Intake>(std::move(reader));
  Intake* handle = intake.get();
  handle->drained_ns = handle->last_new_ns = monotonic_ns();
  disarm(handle->bell());  // a collector that was killed may have left it armed
  bool sleeping = false;
  {
    const std::lock_guard lock(mutex_);
    intakes_.push_back(std::move(intake));
    asleep_ = false;
    sleeping = sleeping_;
  }
  changed_.notify_one();
  if (sleeping) bells_.wake();
  return handle;
}

Harvest Pump::take(Intake* intake) {
  const std::lock_guard lock(mutex_);
  return take_locked(*intake);
}

bool Pump::has_news(const Intake* intake) {
  const std::lock_guard lock(mutex_);
  return intake->news;
}

std::vector<std::pair<Pump::Intake*, Harvest>> Pump::take_all(
    const std::function<void()>& at_that_moment) {
  std::vector<std::pair<Intake*, Harvest>> all;
  const std::lock_guard lock(mutex_);
  for (const auto& intake : intakes_) all.emplace_back(intake.get(), take_locked(*intake));
  at_that_moment();
  return all;
}

Harvest Pump::take_locked(Intake& intake) {
  Harvest harvest;
  std::swap(harvest, intake.harvest);
  // The totals stay: the next round may not come before the next call.
  intake.harvest.watermark_ns = harvest.watermark_ns;
  intake.harvest.lost_outside = harvest.lost_outside;
  intake.harvest.lost_in_ring = harvest.lost_in_ring;
  intake.harvest.broken_rings = harvest.broken_rings;
  intake.harvest.missing = harvest.missing;
  intake.harvest.broken_segment = harvest.broken_segment;
  waiting_slots_ -= harvest.slots;
  worth_taking_ = worth_taking_ && waiting_slots_ >= kWorthTaking;
  intake.news = false;
  return harvest;
}

Harvest Pump::finish(Intake* intake) {
  std::unique_ptr<Intake> owned;
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(intakes_.begin(), intakes_.end(),
                                 [&](const auto& candidate) { return candidate.get() == intake; });
    owned = std::move(*at);
    intakes_.erase(at);
    waiting_slots_ -= owned->harvest.slots;
    if (sleeping_) bells_.wake();  // it waits on a word of this segment
  }
  disarm(owned->bell());  // nobody sleeps here any more
  owned->reader.drain(owned->harvest, true);
  return std::move(owned->harvest);
}

std::int64_t Pump::pause_ns(std::size_t slots, std::int64_t elapsed_ns, std::int64_t longest_ns) {
  if (slots == 0) return longest_ns;
  const std::int64_t until_comfortable =
      elapsed_ns * static_cast<std::int64_t>(kComfortableSlots) / static_cast<std::int64_t>(slots);
  // Longer pauses leave more room: the rate may rise meanwhile, and the processor be busy.
  const std::int64_t pause = std::clamp(until_comfortable, kShortestPauseNs, kLongestPauseNs);
  return std::max(pause, std::min(until_comfortable / 2, longest_ns));
}

void Pump::run() {
  pthread_setname_np(pthread_self(), "sockwatch-pump");
  ask_for_short_slices();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (intakes_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const std::int64_t due_ns = drain_due(monotonic_ns());
    const std::int64_t now_ns = monotonic_ns();
    const std::int64_t until_ns = std::max(due_ns, now_ns + kNoOftenerNs);
    if (bells_.work()) {
      sleep(lock, until_ns);
    } else {
      stir_if_worth_it();
      changed_.wait_for(lock, std::chrono::nanoseconds(until_ns - now_ns));
    }
  }
}

void Pump::sleep(std::unique_lock<std::mutex>& lock, std::int64_t until_ns) {
  std::vector<Bells::Bell> bells;
  for (const auto& intake : intakes_) {
    if (intake->reader.file().broken()) continue;
    if (intake->sleep == Sleep::asleep) {
      bells.push_back({&intake->bell(), intake->armed});
    } else if (intake->told) {
      bells.push_back({&intake->told_word(), *intake->told});
    }
  }
  const std::int64_t began_ns = monotonic_ns();
  const std::uint32_t turn = bells_.turn();
  sleeping_ = true;
  lock.unlock();
  stir_if_worth_it();  // whoever that wakes wants the lock
  bells_.sleep(bells, turn, until_ns);
  lock.lock();
  sleeping_ = false;
  bool rung = bells_.turn() != turn;
  for (const auto& intake : intakes_) {
    const bool asleep = intake->sleep == Sleep::asleep;
    rung = rung || (asleep ? intake->was_rung() : intake->is_told_now());
  }
  const std::int64_t now_ns = monotonic_ns();
  if (stopping_ || now_ns >= until_ns) return;
  // Not rung: a signal, or a segment that the kernel cannot read. Who rings all the time is not
  // listened to all the time.
  const std::int64_t pause_ns = rung ? began_ns + kNoOftenerNs - now_ns : kLongestPauseNs;
  if (pause_ns > 0) changed_.wait_for(lock, std::chrono::nanoseconds(pause_ns));
}

bool Pump::is_asleep() const {
  const std::lock_guard lock(mutex_);
  return asleep_;
}

void Pump::stir_if_worth_it() {
  if (!std::exchange(stirs_, false)) return;
  const std::uint64_t one = 1;
  (void)!::write(stirred_.get(), &one, sizeof one);
}

void Pump::hush() const {
  std::uint64_t count = 0;
  (void)!::read(stirred_.get(), &count, sizeof count);
}

// One round over the segments whose time has come; returns when the next one's comes.
std::int64_t Pump::drain_due(std::int64_t now_ns) {
  std::int64_t next_ns = next_asleep_round_ns(now_ns);
  bool all_asleep = true;
  for (const std::unique_ptr<Intake>& intake : intakes_) {
    if (intake->is_told_now()) intake->due_ns = now_ns;
    if (intake->sleep == Sleep::asleep && intake->was_rung()) {
      disarm(intake->bell());
      intake->sleep = Sleep::awake;
      intake->last_new_ns = intake->due_ns = now_ns;
    }
    const std::int64_t slack_ns = intake->sleep == Sleep::asleep ? 0 : kTogetherNs;
    if (intake->due_ns <= now_ns + slack_ns) look_into(*intake, now_ns);
    all_asleep = all_asleep && intake->sleep == Sleep::asleep;
    next_ns = std::min(next_ns, intake->due_ns);
  }
  const bool worth_taking = waiting_slots_ >= kWorthTaking;
  if ((asleep_ && !all_asleep) || (worth_taking && !worth_taking_)) stirs_ = true;
  worth_taking_ = worth_taking;
  asleep_ = all_asleep;
  return next_ns;
}

void Pump::look_into(Intake& intake, std::int64_t now_ns) {
  std::size_t fullest = 0;
  // Before it is looked at: what is told from here on makes the next sleep end.
  intake.told = intake.told_word().load(std::memory_order_acquire);
  bool will_be_told = false;
  if (waiting_slots_ + elsewhere_ < kMaxWaitingSlots && intake.reader.may_drain()) {
    const bool full_round = now_ns - intake.full_round_ns >= kFullRoundEveryNs;
    const bool nothing_new = intake.reader.nothing_new(intake.harvest, now_ns);
    if (full_round || !nothing_new) {
      const std::size_t before = intake.harvest.slots;
      fullest = intake.reader.drain(intake.harvest, false, full_round);
      waiting_slots_ += intake.harvest.slots - before;
      intake.full_round_ns = now_ns;
      intake.news = true;
    }
    doze(intake, nothing_new && fullest == 0, now_ns);
    will_be_told = bells_.work() && intake.sleep != Sleep::asleep && intake.reader.ask_to_be_told();
  }
  if (!will_be_told) intake.told.reset();
  const std::int64_t elapsed = std::max<std::int64_t>(now_ns - intake.drained_ns, 1);
  intake.drained_ns = now_ns;
  const std::int64_t longest_ns = intake.told ? longest_told_pause_ns_ : kLongestPauseNs;
  intake.due_ns = intake.sleep == Sleep::asleep
                      ? next_asleep_round_ns(now_ns)
                      : now_ns + pause_ns(fullest, std::min(elapsed, kNsPerSecond), longest_ns);
}

// The way to sleep: quiet for a while, the bell armed, still nothing for some rounds.
void Pump::doze(Intake& intake, bool nothing_new, std::int64_t now_ns) {
  if (intake.reader.file().broken()) {
    intake.sleep = Sleep::asleep;  // nothing is to come
    return;
  }
  if (!nothing_new || !bells_.work()) {
    if (intake.sleep != Sleep::awake) disarm(intake.bell());
    intake.sleep = Sleep::awake;
    intake.last_new_ns = now_ns;
  } else if (intake.sleep == Sleep::awake && now_ns - intake.last_new_ns >= kQuietNs) {
    std::uint32_t silent = wire::kSilent;
    const std::uint32_t armed = next_armed_;
    if (intake.bell().compare_exchange_strong(silent, armed)) {
      intake.sleep = Sleep::armed;
      intake.armed_ns = now_ns;
      intake.armed = armed;
      next_armed_ = armed + 2 != 0 ? armed + 2 : std::uint32_t{wire::kFirstArmed};
    }
  } else if (intake.sleep == Sleep::armed && now_ns - intake.armed_ns >= kLongestPauseNs) {
    intake.sleep = Sleep::asleep;  // if rung meanwhile, the next look finds out
  }
}

}  // namespace sockwatch::drain
