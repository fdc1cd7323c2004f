#include "collector/drain/ring_reader.h"

#include <algorithm>
#include <atomic>

namespace sockwatch::drain {
namespace {

constexpr std::size_t kBatch = 512;  // copied and checked at a time: it fits the cache
static_assert(kBatch > wire::kMaxContinuationSlots + 1, "a batch holds at least one publication");

}  // namespace

RingReader::RingReader(wire::RingImage& ring, std::size_t elements,
                       std::optional<std::uint64_t> stored_before)
    : ring_(&ring), elements_(elements), stored_before_(stored_before) {}

std::size_t RingReader::drain(std::vector<wire::Event>& out) {
  if (broken_) return 0;
  if (!attached_) {
    read_index_ = ring_->read_index.load(std::memory_order_relaxed);
    attached_ = true;
  }
  const std::size_t write_index = ring_->write_index.load(std::memory_order_acquire);
  if (write_index >= elements_ || read_index_ >= elements_) {
    break_off();
    return 0;
  }
  std::size_t available = (write_index + elements_ - read_index_) % elements_;
  if (out.capacity() - out.size() < available) {
    out.reserve(out.size() + std::max(available, out.size()));
  }
  std::size_t taken = 0;
  while (available > 0 && !broken_) {
    const std::size_t batch = take_batch(available, out);
    available -= batch;
    taken += batch;
  }
  return taken;
}

void RingReader::give_back() { ring_->read_index.store(read_index_, std::memory_order_release); }

std::size_t RingReader::take_batch(std::size_t available, std::vector<wire::Event>& out) {
  const std::size_t count = std::min(available, kBatch);
  const std::size_t begin = out.size();
  const std::size_t before_wrap = std::min(count, elements_ - read_index_);
  const wire::Event* elements = ring_->elements();
  out.insert(out.end(), elements + read_index_, elements + read_index_ + before_wrap);
  out.insert(out.end(), elements, elements + (count - before_wrap));
  // From here on only the copy is looked at, and the compiler may not go back to the ring for it.
  std::atomic_signal_fence(std::memory_order_seq_cst);

  const auto whole = whole_publications(out, begin, count == available);
  if (!whole) {
    out.resize(begin);
    break_off();
    return 0;
  }
  out.resize(begin + *whole);
  read_index_ = (read_index_ + *whole) % elements_;

  if (stored_before_) {  // after a restart: leave out what the trace already has
    std::size_t keep = begin;
    while (keep < out.size() && out[keep].sequence < *stored_before_) {
      keep += 1 + std::size_t{out[keep].continuation_slots};
    }
    if (keep < out.size()) stored_before_.reset();
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(begin),
              out.begin() + static_cast<std::ptrdiff_t>(keep));
  }
  return *whole;
}

void RingReader::no_more_after(std::uint64_t published) {
  if (next_ || broken_ || !stored_before_ || published <= *stored_before_) return;
  missing_ = published - *stored_before_;
}

// How many of the slots behind `begin` are whole publications in sequence; empty if they are not
// what a producer of ours can have written.
std::optional<std::size_t> RingReader::whole_publications(const std::vector<wire::Event>& events,
                                                          std::size_t begin, bool all_published) {
  std::size_t at = begin;
  while (at < events.size()) {
    const wire::Event& event = events[at];
    const std::size_t slots = 1 + std::size_t{event.continuation_slots};
    if (slots > 1 + wire::kMaxContinuationSlots) return std::nullopt;
    if (!next_ && !first_contact(event.sequence)) return std::nullopt;
    if (event.sequence != *next_) return std::nullopt;
    if (at + slots > events.size()) {
      // All slots of a publication appear at once, so the rest can only be in the next batch.
      if (all_published) return std::nullopt;
      break;
    }
    *next_ += slots;
    at += slots;
  }
  return at - begin;
}

// Indices and sequence numbers both started at 0 and never were reset, so they agree.
bool RingReader::first_contact(std::uint64_t sequence) {
  if (sequence % elements_ != read_index_) return false;
  next_ = sequence;
  if (stored_before_ && sequence > *stored_before_) missing_ = sequence - *stored_before_;
  return true;
}

}  // namespace sockwatch::drain
