// Drains all rings of one segment and reads its loss counters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "collector/drain/ring_reader.h"
#include "collector/drain/segment_file.h"

namespace sockwatch::drain {

// What came out of a segment and waits to be merged. Accumulates over rounds until it is taken.
struct Harvest {
  std::array<std::vector<wire::Event>, wire::kSlotCount> rings;  // whole publications, in order
  std::size_t slots = 0;                                         // events and continuations in all
  // Every event not drained yet returned at this time or later (see SegmentReader::drain).
  std::int64_t watermark_ns = 0;
  // Totals since the segment began.
  std::array<std::uint64_t, wire::kLossCauses> lost_outside{};
  std::array<std::uint64_t, wire::kSlotCount> lost_in_ring{};
  std::uint64_t broken_rings = 0;
  std::uint64_t missing = 0;  // RingReader::missing over all rings
  bool broken_segment = false;
};

class SegmentReader {
 public:
  // `stored`: by slot, the sequence up to which an earlier collector stored it.
  explicit SegmentReader(SegmentFile file, const std::map<std::size_t, std::uint64_t>& stored = {});

  const SegmentFile& file() const { return file_; }

  // One round over all rings; appends to `into`. Returns the largest number of slots found in one
  // ring. `thorough`: also look into rings that claim to hold nothing new (a producer killed
  // between publishing and saying so).
  std::size_t drain(Harvest& into, bool thorough);

 private:
  void read_counters(Harvest& into) const;

  SegmentFile file_;
  std::map<std::size_t, std::uint64_t> stored_;
  std::array<std::optional<RingReader>, wire::kSlotCount> readers_;
};

}  // namespace sockwatch::drain
