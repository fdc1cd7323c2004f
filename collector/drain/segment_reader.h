// Drains all rings of one segment and reads its loss counters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "collector/drain/logbook.h"
#include "collector/drain/ring_reader.h"
#include "collector/drain/segment_file.h"
#include "collector/support/fields.h"

namespace sockwatch::drain {

// What came out of a segment and waits to be merged. Accumulates over rounds until it is taken.
struct Harvest {
  // By slot: whole publications, in order. In pieces, so that one which grows need not move.
  using Pieces = std::vector<std::vector<wire::Event>>;
  std::array<Pieces, wire::kSlotCount> rings;
  std::size_t slots = 0;  // events and continuations in all
  // Every event not drained yet returned at this time or later (see SegmentReader::drain).
  std::int64_t watermark_ns = 0;
  // Totals since the segment began.
  std::array<std::uint64_t, wire::kLossCauses> lost_outside{};
  std::array<std::uint64_t, wire::kSlotCount> lost_in_ring{};
  std::uint64_t broken_rings = 0;
  std::uint64_t missing = 0;  // RingReader::missing over all rings
  bool broken_segment = false;

  // Between two rounds, with all events handed on.
  auto fields() {
    return fields_are(Skipped<std::array<Pieces, wire::kSlotCount>>(), slots, watermark_ns,
                      lost_outside, lost_in_ring, broken_rings, missing, broken_segment);
  }
};

class SegmentReader {
 public:
  // `stored`: by slot, the sequence up to which an earlier collector stored it. `logbook`, if any,
  // is where events of `image` are noted before their room is given back; it outlives the reader.
  // `leave`: the rings stay as they are found, so that all of it can be read once more.
  explicit SegmentReader(SegmentFile file, const std::map<std::size_t, std::uint64_t>& stored = {},
                         Logbook* logbook = nullptr, std::int64_t image = 0, bool leave = false);

  const SegmentFile& file() const { return file_; }

  // One round over all rings; appends to `into`. Returns the largest number of slots found in one
  // ring; of a large ring, a share as large counts. `thorough`: also look into rings that claim to
  // hold nothing new (a producer killed between publishing and saying so). `all_slots`: also look
  // for slots that were taken out of turn.
  std::size_t drain(Harvest& into, bool thorough, bool all_slots = true);

  // Whether there is room for the notes of another round.
  bool may_drain() const { return logbook_ == nullptr || !logbook_->is_long(); }

  // A look that costs a load or two for each thread: true where nothing was published since the
  // last round and nothing is about to be. `into` then has everything up to `now_ns`, which was
  // read from the clock before. What only a round sees (a slot used out of turn, losses outside of
  // rings) it does not.
  bool nothing_new(Harvest& into, std::int64_t now_ns) const;

  // Asks to be told when a quarter of a ring is full. False: this library does not tell, or may
  // not. What the word `told` of the segment had was read before the round.
  bool ask_to_be_told() const;

 private:
  struct Copied {  // and not given back yet
    std::size_t ring;
    std::size_t piece;  // of the harvest
    std::size_t begin;  // in it
  };
  // By index, of the slots that may be in use.
  template <typename Use>
  void each_slot(Use&& use) const;
  void let_go(const Harvest& from, std::int64_t watermark_ns);
  void read_counters(Harvest& into) const;

  SegmentFile file_;
  std::map<std::size_t, std::uint64_t> stored_;
  Logbook* logbook_;
  std::int64_t image_;
  bool leave_;
  std::array<std::optional<RingReader>, wire::kSlotCount> readers_;
  bool looked_ = false;   // there was a round
  std::size_t used_ = 0;  // slots up to the last one, of those without a large ring, ever in use
  std::vector<Copied> copied_;
  std::vector<Logbook::Slots> noted_;  // room for a round
  // By slot: how much there was when the harvest was last taken, as far as we saw. The next one
  // will be like it.
  std::array<std::size_t, wire::kSlotCount> usual_{};
};

}  // namespace sockwatch::drain
