#include "collector/drain/segment_reader.h"

#include <algorithm>
#include <utility>

#include "collector/drain/clock.h"

namespace sockwatch::drain {
namespace {

// A thread announces an event before it reads the clock for it, so where nothing is announced all
// that is older than our own clock is out. The slack is for clocks of two CPUs that do not quite
// agree; it costs nothing but delay.
constexpr std::int64_t kAnnouncementSlackNs = kNsPerMs / 2;

// Room of full rings goes back soon, not only when all rings were looked at.
constexpr std::size_t kLetGoSlots = 4096;

constexpr std::size_t kPieceSlots = 4096;  // and what the last round added

}  // namespace

SegmentReader::SegmentReader(SegmentFile file, const std::map<std::size_t, std::uint64_t>& stored,
                             Logbook* logbook, std::int64_t image, bool leave)
    : file_(std::move(file)), stored_(stored), logbook_(logbook), image_(image), leave_(leave) {}

std::size_t SegmentReader::drain(Harvest& into, bool thorough, bool all_slots) {
  std::int64_t watermark = monotonic_ns() - kAnnouncementSlackNs;
  looked_ = true;
  std::size_t fullest = 0;
  std::size_t waiting = 0;
  for (std::size_t index = 0; index < wire::kSlotCount && !file_.broken(); ++index) {
    wire::Slot& slot = file_.slot(index);
    if (slot.state.load(std::memory_order_acquire) == wire::kNeverUsed) {
      // The library takes the first slot that was never used.
      if (index >= used_ && index < wire::kSmallSlots && !all_slots) {
        index = wire::kSmallSlots - 1;
      }
      continue;
    }
    if (!wire::is_large(index)) used_ = std::max(used_, index + 1);
    // The announcement first, then the ring: an event whose announcement was already withdrawn is
    // in the ring by then, one announced later returned after this round began. It is 1 while the
    // clock is being read: then nothing new is known, and the next round will tell.
    const std::uint64_t announced = slot.recording_since_ns.load(std::memory_order_acquire);
    if (announced != 0 &&
        announced < static_cast<std::uint64_t>(std::max<std::int64_t>(watermark, 0))) {
      watermark = static_cast<std::int64_t>(announced) - 1;
    }
    std::optional<RingReader>& reader = readers_[index];
    if (!reader) {
      const auto stored = stored_.find(index);
      reader.emplace(
          file_.ring(index), wire::ring_elements(index),
          stored == stored_.end() ? std::nullopt : std::optional<std::uint64_t>(stored->second));
    }
    if (!thorough && reader->next_sequence() == slot.published.load(std::memory_order_acquire)) {
      continue;
    }
    Harvest::Pieces& pieces = into.rings[index];
    if (pieces.empty() || pieces.back().size() >= kPieceSlots) {
      pieces.emplace_back().reserve(std::min(usual_[index] + usual_[index] / 4, kPieceSlots));
    }
    std::vector<wire::Event>& out = pieces.back();
    const std::size_t before = out.size();
    const std::size_t taken = reader->drain(out);
    if (file_.broken()) {  // the copy may have been made of the zeroes that replaced the file
      out.resize(before);
      break;
    }
    into.slots += out.size() - before;
    usual_[index] = pieces.size() == 1 ? out.size() : kPieceSlots;
    fullest = std::max(fullest, taken * wire::kRingElements / wire::ring_elements(index));
    if (thorough && taken == 0) {
      reader->no_more_after(slot.published.load(std::memory_order_acquire));
    }
    if (taken == 0) continue;
    copied_.push_back({index, pieces.size() - 1, before});
    waiting += taken;
    if (waiting >= kLetGoSlots) {
      let_go(into, 0);
      waiting = 0;
    }
  }
  // What was true of an earlier round still is.
  into.watermark_ns = std::max(into.watermark_ns, watermark);
  let_go(into, file_.broken() ? 0 : into.watermark_ns);
  read_counters(into);
  return fullest;
}

template <typename Use>
void SegmentReader::each_slot(Use&& use) const {
  for (std::size_t index = 0; index < used_; ++index) use(index);
  for (std::size_t index = wire::kSmallSlots; index < wire::kSlotCount; ++index) use(index);
}

bool SegmentReader::nothing_new(Harvest& into, std::int64_t now_ns) const {
  if (!looked_ || file_.broken()) return false;
  const auto never_used = [&](std::size_t index) {
    return file_.slot(index).state.load(std::memory_order_acquire) == wire::kNeverUsed;
  };
  const auto same_as_before = [&](std::size_t index) {
    const wire::Slot& slot = file_.slot(index);
    const std::optional<RingReader>& reader = readers_[index];
    // In this order, as in a round.
    return slot.recording_since_ns.load(std::memory_order_acquire) == 0 && reader &&
           reader->next_sequence() == slot.published.load(std::memory_order_acquire);
  };
  if (used_ < wire::kSmallSlots && !never_used(used_)) return false;
  bool same = true;
  each_slot([&](std::size_t index) {
    same = same && (same_as_before(index) || (!readers_[index] && never_used(index)));
  });
  if (!same || file_.broken()) return false;
  into.watermark_ns = std::max(into.watermark_ns, now_ns - kAnnouncementSlackNs);
  return true;
}

bool SegmentReader::ask_to_be_told() const {
  if (leave_ || file_.told().load(std::memory_order_relaxed) == 0) return false;
  // Under a filter the library cannot tell, and looks in vain at marks that are left.
  const bool may = file_.bell().load(std::memory_order_relaxed) != wire::kNoBell;
  each_slot([&](std::size_t index) {
    if (!readers_[index]) return;
    std::uint64_t mark = wire::kTellNever;
    if (may && !readers_[index]->broken()) {
      mark = readers_[index]->next_sequence().value_or(0) + wire::ring_elements(index) / 4;
    }
    std::atomic<std::uint64_t>& tell_at = file_.slot(index).tell_at;
    if (tell_at.load(std::memory_order_relaxed) != mark) {
      tell_at.store(mark, std::memory_order_relaxed);
    }
  });
  return may && !file_.broken();
}

// First it is noted, then the room goes back: killed in between, it is in both places, and the
// sequence numbers tell.
void SegmentReader::let_go(const Harvest& from, std::int64_t watermark_ns) {
  if (logbook_ != nullptr) {
    noted_.clear();
    for (const Copied& copied : copied_) {
      const std::span<const wire::Event> events(from.rings[copied.ring][copied.piece]);
      if (events.size() > copied.begin) {
        noted_.push_back({copied.ring, events.subspan(copied.begin)});
      }
    }
    if (!noted_.empty()) logbook_->events(image_, watermark_ns, noted_);
  }
  for (const Copied& copied : copied_) {
    if (!leave_) readers_[copied.ring]->give_back();
  }
  copied_.clear();
}

void SegmentReader::read_counters(Harvest& into) const {
  into.broken_rings = 0;
  into.missing = 0;
  each_slot([&](std::size_t index) {
    const std::optional<RingReader>& reader = readers_[index];
    if (!reader) return;
    into.broken_rings += reader->broken() ? 1 : 0;
    into.missing += reader->missing();
  });
  if (!file_.broken()) {
    std::array<std::uint64_t, wire::kLossCauses> outside{};
    for (std::size_t cause = 0; cause < wire::kLossCauses; ++cause) {
      outside[cause] = file_.lost(static_cast<wire::Loss>(cause));
    }
    std::array<std::uint64_t, wire::kSlotCount> in_ring{};
    each_slot([&](std::size_t index) {
      in_ring[index] = file_.slot(index).lost.load(std::memory_order_relaxed);
    });
    if (!file_.broken()) {  // else keep what was last known
      into.lost_outside = outside;
      into.lost_in_ring = in_ring;
    }
  }
  into.broken_segment = file_.broken();
}

}  // namespace sockwatch::drain
