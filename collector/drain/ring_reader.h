// Takes events out of one ring of a segment: the consumer's half of the queue between a thread of
// the target and the collector.
//
// Trusts nothing it finds: an index is copied once and checked, events are copied out before they
// are looked at, and only then is their room given back. The read position is our own; what the
// target writes over it is overwritten. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shim/wire/ring.h"

namespace sockwatch::drain {

class RingReader {
 public:
  // `stored_before`: sequence up to which an earlier collector stored this ring; what lies below is
  // taken out but not handed on. Without it the first event found sets the count.
  // The ring, whose array has so many `elements`, must stay mapped as long as the reader is used.
  explicit RingReader(wire::RingImage& ring, std::size_t elements = wire::kRingElements,
                      std::optional<std::uint64_t> stored_before = std::nullopt);

  // Appends everything that was published when the call began to `out`: whole publications (an
  // event and its continuations), in their order. Returns how many slots were copied. They stay in
  // the ring too until give_back().
  std::size_t drain(std::vector<wire::Event>& out);

  // What was drained is in safety: the producer gets the room back.
  void give_back();

  // An index out of range, a sequence number that is not the next, or an event whose continuations
  // are not there. Nothing is read from the ring any more.
  bool broken() const { return broken_; }

  // The sequence number the next event must have; empty before the first.
  std::optional<std::uint64_t> next_sequence() const { return next_; }

  // Slots between what an earlier collector stored and what was still in the ring.
  std::uint64_t missing() const { return missing_; }

  // Nothing is to come any more, and `published` slots were pushed in all: what an earlier
  // collector had taken out last has nothing behind it to show that it is missing.
  void no_more_after(std::uint64_t published);

 private:
  std::size_t take_batch(std::size_t available, std::vector<wire::Event>& out);
  std::optional<std::size_t> whole_publications(const std::vector<wire::Event>& events,
                                                std::size_t begin, bool all_published);
  bool first_contact(std::uint64_t sequence);
  void break_off() { broken_ = true; }

  wire::RingImage* ring_;
  std::size_t elements_;
  std::size_t read_index_ = 0;
  std::optional<std::uint64_t> next_;
  std::optional<std::uint64_t> stored_before_;
  std::uint64_t missing_ = 0;
  bool attached_ = false;
  bool broken_ = false;
};

}  // namespace sockwatch::drain
