#include "collector/drain/image.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "collector/store/schema.h"
#include "collector/support/archive.h"

namespace sockwatch::drain {
namespace {

constexpr const char* kLateCause = "late";
constexpr std::int64_t kNotMoved = -1;

constexpr std::array<const char*, wire::kLossCauses> kCauseNames = {
    "ring_full", "no_slot", "nested", "no_memory", "descriptor"};

// Counters come from memory anybody may have written.
std::uint64_t add_up(std::uint64_t a, std::uint64_t b) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  return std::min(a, kMax) > kMax - std::min(b, kMax) ? kMax
                                                      : std::min(a, kMax) + std::min(b, kMax);
}

// Counter by counter: after a restart some begin again at 0, and a sum would hide by that what
// another gained.
bool lost_more(const Harvest& now, const Harvest& before) {
  const auto any_grew = [](const auto& counts, const auto& earlier) {
    return !std::ranges::equal(counts, earlier, std::ranges::less_equal());
  };
  return now.missing > before.missing || now.broken_rings > before.broken_rings ||
         now.broken_segment > before.broken_segment ||
         any_grew(now.lost_outside, before.lost_outside) ||
         any_grew(now.lost_in_ring, before.lost_in_ring);
}

template <typename Row>
void append(std::vector<Row>& to, std::vector<Row>&& from) {
  if (to.empty()) return to.swap(from);
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

Image::Image(store::ProcessRow row, std::string segment, connect::Ids& ids,
             connect::Options options, Losses earlier)
    : row_(std::move(row)),
      segment_(std::move(segment)),
      tracker_(row_.id, ids, options),
      apply_([this](std::size_t ring, std::span<const wire::Event> publications) {
        apply(ring, publications);
      }),
      moved_(wire::kSlotCount, kNotMoved),
      earlier_losses_(std::move(earlier)) {}

std::uint64_t Image::accept(Harvest harvest, std::int64_t now_ns) {
  add(harvest, now_ns);
  return go_on(now_ns);
}

std::uint64_t Image::go_on(std::int64_t now_ns) {
  const std::uint64_t before = applied_;
  has_more_ =
      merge_.held() > 0 && merge_.release(totals_.watermark_ns, now_ns, apply_, kMostAtOnce);
  return applied_ - before;
}

void Image::stop(Harvest harvest, std::int64_t now_ns) {
  add(harvest, now_ns);
  merge_.flush(apply_);
  has_more_ = false;
}

void Image::end(Harvest harvest, std::optional<std::int64_t> ended_ns, connect::Tracker::End how) {
  stop(std::move(harvest), ended_ns.value_or(0));
  if (ended_ns) {
    row_.ended_ns = std::max(*ended_ns, last_event_ns_);
    row_changed_ = true;
  }
  tracker_.process_ended(row_.ended_ns.value_or(last_event_ns_), how);
}

std::uint64_t Image::accept_noted(NotedEvents noted, std::int64_t now_ns) {
  const std::uint64_t before = applied_;
  for (NotedEvents::Ring& ring : noted.rings) {
    std::vector<wire::Event>& events = ring.events;
    const auto known = accepted_.find(ring.ring);
    std::size_t skip = 0;
    while (known != accepted_.end() && skip < events.size() &&
           events[skip].sequence < known->second) {
      skip += 1 + std::size_t{events[skip].continuation_slots};
    }
    events.erase(events.begin(),
                 events.begin() + static_cast<std::ptrdiff_t>(std::min(skip, events.size())));
    if (known != accepted_.end() && !events.empty() && events.front().sequence > known->second) {
      std::uint64_t& lost = earlier_losses_[kRestartCause];
      lost = add_up(lost, events.front().sequence - known->second);
      tracker_.missed(static_cast<std::int64_t>(
          std::min<std::uint64_t>(events.front().t_ns, std::numeric_limits<std::int64_t>::max())));
    }
    add_ring(ring.ring, std::move(events), now_ns);
  }
  if (merge_.held() > 0) merge_.release(noted.watermark_ns, now_ns, apply_);
  return applied_ - before;
}

void Image::lose_segment() {
  ++earlier_losses_[kRestartCause];
  merge_.flush(apply_);
  tracker_.missed(last_event_ns_);
}

void Image::add_ring(std::size_t ring, std::vector<wire::Event> events, std::int64_t now_ns) {
  if (events.empty()) return;
  accepted_[ring] = events.front().sequence + events.size();
  merge_.add(ring, std::move(events), now_ns);
}

void Image::keep(Keep& archive) const {
  archive(*this);
  tracker_.keep(archive);
}

bool Image::restore(Restore& archive, bool touch) {
  const std::int64_t id = row_.id;
  archive(*this);
  tracker_.restore(archive, touch);
  if (!archive.good() || row_.id != id || !merge_.sound()) return false;
  // Counted by readers that are gone; the new ones begin at 0.
  std::uint64_t& lost = earlier_losses_[kRestartCause];
  lost = add_up(lost, std::exchange(totals_.missing, 0));
  if (lost == 0) earlier_losses_.erase(kRestartCause);
  row_changed_ = row_changed_ || touch;
  return true;
}

void Image::add(Harvest& harvest, std::int64_t now_ns) {
  for (std::size_t ring = 0; ring < harvest.rings.size(); ++ring) {
    for (std::vector<wire::Event>& piece : harvest.rings[ring]) {
      add_ring(ring, std::move(piece), now_ns);
    }
    harvest.rings[ring].clear();
  }
  const bool more_lost = lost_more(harvest, totals_);
  totals_ = std::move(harvest);
  // When it was is not known.
  if (more_lost) tracker_.missed(std::max(now_ns, last_event_ns_));
}

void Image::apply(std::size_t ring, std::span<const wire::Event> publications) {
  while (!publications.empty()) {
    const std::span<const wire::Event> publication = first_publication(publications);
    moved_[ring] = static_cast<std::int64_t>(publication.front().sequence + publication.size());
    apply(publication);
    publications = publications.subspan(publication.size());
  }
}

void Image::apply(std::span<const wire::Event> publication) {
  const connect::Observation* const observation = decoder_.decode(publication);
  if (observation == nullptr) {
    ++malformed_;
    tracker_.missed(last_event_ns_);
    return;
  }
  if (observation->op == wire::Op::lost) {
    std::uint64_t& told = told_[observation->payload.lost.cause];
    told = add_up(told, observation->payload.lost.count);
  }
  last_event_ns_ = std::max(last_event_ns_, observation->t_ns);
  ++applied_;
  tracker_.apply(*observation);
}

Image::Losses Image::losses() const {
  Losses result;
  for (std::size_t cause = 0; cause < wire::kLossCauses; ++cause) {
    std::uint64_t counted = totals_.lost_outside[cause];
    if (static_cast<wire::Loss>(cause) == wire::Loss::ring_full) {
      for (const std::uint64_t lost : totals_.lost_in_ring) counted = add_up(counted, lost);
    }
    result[kCauseNames[cause]] = std::max(add_up(counted, 0), told_[cause]);
  }
  result["malformed"] = malformed_;
  result["broken_ring"] = totals_.broken_rings;
  result["broken_segment"] = totals_.broken_segment ? 1 : 0;
  result[kRestartCause] = add_up(totals_.missing, 0);
  result[kLateCause] = merge_.late();
  // The target's own counters go on over collectors; ours begin again with each.
  for (const char* cause : {"malformed", kRestartCause, kLateCause}) {
    const auto earlier = earlier_losses_.find(cause);
    if (earlier != earlier_losses_.end()) result[cause] = add_up(result[cause], earlier->second);
  }
  return result;
}

std::uint64_t Image::lost() const {
  std::uint64_t sum = 0;
  for (const auto& [cause, count] : losses()) {
    if (cause != kLateCause) sum = add_up(sum, count);
  }
  return sum;
}

void Image::take(Batch& batch) {
  if (row_changed_) batch.processes.push_back(row_);
  row_changed_ = false;

  connect::Changes changes = tracker_.take();
  append(batch.connections, std::move(changes.connections));
  append(batch.resolutions, std::move(changes.resolutions));
  append(batch.waits, std::move(changes.waits));
  append(batch.calls, std::move(changes.calls));
  append(batch.failed_calls, std::move(changes.failed_calls));
  append(batch.listeners, std::move(changes.listeners));

  if (std::exchange(segment_changed_, false)) {
    batch.positions.push_back({segment_, kProcessOfSegment, row_.id});
  }
  for (std::size_t slot = 0; slot < moved_.size(); ++slot) {
    const std::int64_t sequence = std::exchange(moved_[slot], kNotMoved);
    if (sequence == kNotMoved) continue;
    batch.positions.push_back({segment_, static_cast<std::int64_t>(slot), sequence});
  }

  for (const auto& [cause, count] : losses()) {
    std::uint64_t& saved = saved_losses_[cause];
    if (count == saved) continue;
    saved = count;
    batch.losses.push_back({row_.id, cause, static_cast<std::int64_t>(count)});
  }
}

}  // namespace sockwatch::drain
