// Brings the events of all rings of one process into one order of time.
//
// Each ring is in order by itself (but for a signal handler that publishes while the event it came
// upon is still being put together), and that order is never changed. Between rings an event may
// only be handed on when no other ring can still bring an earlier one: the caller says up to which
// time that is true (the watermark). A thread that was stopped between reading its clock and
// publishing would hold back all others for as long as it is stopped, so what has waited longer
// than kPatienceNs goes on regardless; events that then turn up too late are still handed on, and
// counted.
//
// Pure: time comes in as arguments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "collector/support/fields.h"
#include "shim/wire/segment.h"

namespace sockwatch::drain {

// The first of some whole publications.
inline std::span<const wire::Event> first_publication(std::span<const wire::Event> publications) {
  return publications.first(
      std::min(1 + std::size_t{publications.front().continuation_slots}, publications.size()));
}

class Merge {
 public:
  static constexpr std::int64_t kPatienceNs = 1'000'000'000;

  // Gets some publications of one ring, in their order: events, each with its continuations (see
  // first_publication()). The memory is valid during the call.
  using Each = std::function<void(std::size_t ring, std::span<const wire::Event> publications)>;

  Merge() : rings_(wire::kSlotCount) {}

  // `events`: whole publications of one ring, continuing what was added before.
  // ring < wire::kSlotCount; `now_ns` counts towards kPatienceNs.
  void add(std::size_t ring, std::vector<wire::Event> events, std::int64_t now_ns);

  // Hands on, in order, what may be handed on, but not many more than `most` publications. True:
  // there is more of that kind; what is added meanwhile does not get in its way.
  static constexpr std::size_t kAll = ~std::size_t{0};
  bool release(std::int64_t watermark_ns, std::int64_t now_ns, const Each& each,
               std::size_t most = kAll);

  // Hands on everything, in order: nothing can follow.
  void flush(const Each& each);

  std::size_t held() const { return held_; }    // slots still here
  std::uint64_t late() const { return late_; }  // publications handed on after a later one

  auto fields() { return fields_are(rings_, held_, late_, last_ns_); }
  // After restoring from bytes that anybody may have written.
  bool sound() const;

 private:
  struct Chunk {
    std::vector<wire::Event> events;
    std::int64_t added_ns = 0;
    std::uint64_t latest_ns = 0;  // largest t_ns in it; 0: not looked for yet
    auto fields() { return fields_are(events, added_ns, latest_ns); }
  };
  struct Waiting {
    std::vector<Chunk> chunks;  // none empty; seldom more than two
    std::size_t offset = 0;     // of the next publication in the first chunk
    auto fields() { return fields_are(chunks, offset); }
  };

  bool hand_on(std::optional<std::uint64_t> limit, const Each& each, std::size_t most);
  std::size_t hand_on_run(std::size_t ring, std::uint64_t bound_ns, const Each& each,
                          std::size_t most);
  std::uint64_t head_ns(std::size_t ring) const;

  std::vector<Waiting> rings_;
  std::size_t held_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t last_ns_ = 0;  // largest t_ns handed on
};

}  // namespace sockwatch::drain
