// A ring that changes in every way between two looks, and while it is looked at.
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "collector/drain/decode.h"
#include "collector/drain/ring_reader.h"
#include "tests/fuzz/input.h"

namespace sockwatch::fuzz {
namespace {

// Room for either size; the smaller uses the beginning.
constexpr std::size_t kMostElements = wire::kLargeRingElements;

// Writes over the indices and the first elements as fast as it can, as long as it is told to. A
// race by intention: the reader has to live with one. So these accesses are atomic, word by word.
class Scribbler {
 public:
  explicit Scribbler(wire::RingImage& ring) : ring_(ring), thread_([this] { scribble(); }) {}
  ~Scribbler() {
    state_ = kEnd;
    state_.notify_all();
    thread_.join();
  }
  void begin(std::uint64_t seed) {
    seed_ = seed;
    state_ = kScribble;
    state_.notify_all();
  }
  void pause() {
    state_ = kPause;
    while (busy_) {
    }
  }

 private:
  enum : int { kPause, kScribble, kEnd };

  void scribble() {
    while (state_ != kEnd) {
      state_.wait(kPause);
      busy_ = true;
      std::uint64_t word = seed_;
      while (state_ == kScribble) {
        word = word * 6364136223846793005U + 1442695040888963407U;
        ring_.write_index.store((word >> 40) % (kMostElements + 2), std::memory_order_relaxed);
        auto* words = reinterpret_cast<std::uint64_t*>(&ring_.elements()[(word >> 20) % 8]);
        std::atomic_ref(words[(word >> 10) % 8]).store(word >> 32, std::memory_order_relaxed);
      }
      busy_ = false;
    }
  }

  wire::RingImage& ring_;
  std::atomic<int> state_ = kPause;
  std::atomic<bool> busy_ = false;
  std::atomic<std::uint64_t> seed_ = 0;
  std::thread thread_;
};

wire::RingImage& cleared_ring() {
  struct Room {
    alignas(wire::LargeRing) std::byte bytes[sizeof(wire::LargeRing)];
  };
  static const auto room = std::make_unique<Room>();
  std::memset(room->bytes, 0, sizeof room->bytes);
  return *reinterpret_cast<wire::RingImage*>(room->bytes);
}

// What was taken out, however the ring looked.
void check(const std::vector<wire::Event>& out) {
  std::optional<std::uint64_t> next;
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t slots = 1 + std::size_t{out[at].continuation_slots};
    require(slots <= 1 + wire::kMaxContinuationSlots, "no publication is longer than allowed");
    require(at + slots <= out.size(), "whole publications come out");
    require(!next || out[at].sequence == *next, "nothing comes out twice, nothing is left out");
    next = out[at].sequence + slots;
    (void)drain::decode(std::span(out).subspan(at, slots));
    at += slots;
  }
}

void run(Input input) {
  wire::RingImage& ring = cleared_ring();
  const bool large = input.below(4) == 0;
  const std::size_t elements = large ? wire::kLargeRingElements : wire::kRingElements;
  const std::size_t begin = input.take<std::uint16_t>() % (elements + 8);
  ring.read_index = ring.write_index = begin;
  std::optional<std::uint64_t> stored;
  if (input.below(4) == 0) stored = input.take<std::uint64_t>();
  drain::RingReader reader(ring, elements, stored);
  std::vector<wire::Event> out;
  std::uint64_t sequence = begin;
  while (!input.empty()) {
    switch (input.below(6)) {
      case 0:  // an event as it should be, or nearly
      case 1: {
        const std::size_t slots = 1 + input.below(14);
        for (std::size_t slot = 0; slot < slots; ++slot) {
          wire::Event event{};
          const auto bytes = input.bytes(input.below(65));
          if (!bytes.empty())
            std::memcpy(static_cast<void*>(&event), bytes.data(),
                        std::min(bytes.size(), sizeof event));
          if (slot == 0) {
            event.sequence = sequence;
            event.continuation_slots = static_cast<std::uint8_t>(slots - 1);
          }
          ring.elements()[ring.write_index % elements] = event;
          ring.write_index = (ring.write_index + 1) % elements;
        }
        sequence += slots;
        break;
      }
      case 2:
        reader.drain(out);
        check(out);
        break;
      case 3:
        reader.give_back();
        break;
      case 4:  // an index of somebody's choice
        (input.below(2) == 0 ? ring.write_index : ring.read_index) =
            input.below(2) == 0 ? input.take<std::uint64_t>() : input.take<std::uint16_t>();
        break;
      case 5: {  // an element written over
        const auto bytes = input.bytes(sizeof(wire::Event));
        wire::Event& element = ring.elements()[input.take<std::uint16_t>() % elements];
        if (!bytes.empty()) std::memcpy(static_cast<void*>(&element), bytes.data(), bytes.size());
        break;
      }
      default:
        break;
    }
  }
  reader.drain(out);
  check(out);
}

void run_concurrently(Input input) {
  wire::RingImage& ring = cleared_ring();
  static Scribbler scribbler(ring);
  const std::size_t rounds = 1 + input.below(8);
  for (std::size_t round = 0; round < rounds; ++round) {
    drain::RingReader reader(ring,
                             input.below(2) == 0 ? wire::kRingElements : wire::kLargeRingElements);
    std::vector<wire::Event> out;
    ring.read_index = input.below(8);
    scribbler.begin(input.take<std::uint64_t>());
    for (int look = 0; look < 4; ++look) {
      reader.drain(out);
      reader.give_back();
    }
    scribbler.pause();
    check(out);
  }
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::Input input(bytes, count);
  if (input.below(32) == 31) {
    sockwatch::fuzz::run_concurrently(input);
  } else {
    sockwatch::fuzz::run(input);
  }
  return 0;
}
