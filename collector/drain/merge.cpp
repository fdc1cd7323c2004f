#include "collector/drain/merge.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace sockwatch::drain {
namespace {

std::size_t publication_slots(const wire::Event& event) {
  return 1 + std::size_t{event.continuation_slots};
}

}  // namespace

void Merge::add(std::size_t ring, std::vector<wire::Event> events, std::int64_t now_ns) {
  if (events.empty()) return;
  std::uint64_t latest = 0;
  for (std::size_t at = 0; at < events.size(); at += publication_slots(events[at])) {
    latest = std::max(latest, events[at].t_ns);
  }
  held_ += events.size();
  rings_[ring].chunks.push_back(Chunk{std::move(events), now_ns, latest});
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
  for (const Waiting& ring : rings_) {
    for (const Chunk& chunk : ring.chunks) {
      if (now_ns - chunk.added_ns >= kPatienceNs) limit = std::max(limit, chunk.latest_ns);
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
    const std::optional<Head> next = heads.empty() ? std::nullopt : std::optional(heads.top());
    for (;;) {
      hand_on_head(ring, each);
      --most;
      if (rings_[ring].chunks.empty()) break;
      const Head head{head_ns(ring), ring};
      if ((next && head > *next) || (limit && head.first > *limit) || most == 0) {
        heads.push(head);
        break;
      }
    }
  }
  return false;
}

void Merge::hand_on_head(std::size_t ring, const Each& each) {
  Waiting& waiting = rings_[ring];
  Chunk& chunk = waiting.chunks.front();
  const std::span<const wire::Event> rest = std::span(chunk.events).subspan(waiting.offset);
  const std::size_t slots = std::min(publication_slots(rest.front()), rest.size());
  const std::uint64_t t_ns = rest.front().t_ns;
  if (t_ns < last_ns_) ++late_;
  last_ns_ = std::max(last_ns_, t_ns);
  each(ring, rest.first(slots));
  held_ -= slots;
  waiting.offset += slots;
  if (waiting.offset == chunk.events.size()) {
    waiting.chunks.erase(waiting.chunks.begin());
    waiting.offset = 0;
  }
}

std::uint64_t Merge::head_ns(std::size_t ring) const {
  const Waiting& waiting = rings_[ring];
  return waiting.chunks.front().events[waiting.offset].t_ns;
}

}  // namespace sockwatch::drain
