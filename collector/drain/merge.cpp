#include "collector/drain/merge.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace sockwatch::drain {
namespace {

std::size_t publication_slots(const wire::Event& event) {
  return 1 + std::size_t{event.continuation_slots};
}

std::uint64_t latest_of(const std::vector<wire::Event>& events) {
  std::uint64_t latest = 0;
  for (std::size_t at = 0; at < events.size(); at += publication_slots(events[at])) {
    latest = std::max(latest, events[at].t_ns);
  }
  return latest;
}

}  // namespace

void Merge::add(std::size_t ring, std::vector<wire::Event> events, std::int64_t now_ns) {
  if (events.empty()) return;
  held_ += events.size();
  rings_[ring].chunks.push_back(Chunk{std::move(events), now_ns});
}

bool Merge::sound() const {
  std::size_t held = 0;
  for (const Waiting& ring : rings_) {
    for (const Chunk& chunk : ring.chunks) {
      if (chunk.events.empty()) return false;
      held += chunk.events.size();
    }
    if (ring.offset >= (ring.chunks.empty() ? 1 : ring.chunks.front().events.size())) return false;
    held -= ring.offset;
  }
  return rings_.size() == wire::kSlotCount && held == held_;
}

bool Merge::release(std::int64_t watermark_ns, std::int64_t now_ns, const Each& each,
                    std::size_t most) {
  std::uint64_t limit = static_cast<std::uint64_t>(std::max<std::int64_t>(watermark_ns, 0));
  for (Waiting& ring : rings_) {
    for (Chunk& chunk : ring.chunks) {
      if (now_ns - chunk.added_ns < kPatienceNs) continue;
      if (chunk.latest_ns == 0) chunk.latest_ns = latest_of(chunk.events);
      limit = std::max(limit, chunk.latest_ns);
    }
  }
  return hand_on(limit, each, most);
}

void Merge::flush(const Each& each) { hand_on(std::nullopt, each, kAll); }

bool Merge::hand_on(std::optional<std::uint64_t> limit, const Each& each, std::size_t most) {
  using Head = std::pair<std::uint64_t, std::size_t>;  // t_ns, ring
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  for (std::size_t ring = 0; ring < rings_.size(); ++ring) {
    if (!rings_[ring].chunks.empty()) heads.emplace(head_ns(ring), ring);
  }
  while (!heads.empty()) {
    const auto [first_ns, ring] = heads.top();
    if (limit && first_ns > *limit) return false;
    if (most == 0) return true;
    heads.pop();
    // As long as no other ring has an earlier one, stay with this ring.
    std::uint64_t bound_ns = limit.value_or(~std::uint64_t{0});
    if (!heads.empty()) {
      const auto [next_ns, next_ring] = heads.top();
      bound_ns = std::min(bound_ns, ring < next_ring ? next_ns : next_ns - 1);
    }
    do {
      most -= hand_on_run(ring, bound_ns, each, most);
    } while (most > 0 && !rings_[ring].chunks.empty() && head_ns(ring) <= bound_ns);
    if (!rings_[ring].chunks.empty()) heads.emplace(head_ns(ring), ring);
  }
  return false;
}

// The head, whenever it was, and what follows in its chunk up to `bound_ns`, but not more than
// `most`; returns how many.
std::size_t Merge::hand_on_run(std::size_t ring, std::uint64_t bound_ns, const Each& each,
                               std::size_t most) {
  Waiting& waiting = rings_[ring];
  const std::span<const wire::Event> rest =
      std::span(waiting.chunks.front().events).subspan(waiting.offset);
  std::size_t slots = 0;
  std::size_t count = 0;
  do {
    const std::uint64_t t_ns = rest[slots].t_ns;
    if (t_ns < last_ns_) ++late_;
    last_ns_ = std::max(last_ns_, t_ns);
    slots += publication_slots(rest[slots]);
    ++count;
  } while (slots < rest.size() && count < most && rest[slots].t_ns <= bound_ns);
  slots = std::min(slots, rest.size());
  each(ring, rest.first(slots));
  held_ -= slots;
  waiting.offset += slots;
  if (waiting.offset == waiting.chunks.front().events.size()) {
    waiting.chunks.erase(waiting.chunks.begin());
    waiting.offset = 0;
  }
  return count;
}

std::uint64_t Merge::head_ns(std::size_t ring) const {
  const Waiting& waiting = rings_[ring];
  return waiting.chunks.front().events[waiting.offset].t_ns;
}

}  // namespace sockwatch::drain
