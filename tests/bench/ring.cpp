// What a record costs on its way: pushed by the program, taken out by the collector.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "collector/drain/ring_reader.h"
#include "shim/wire/ring.h"

namespace {

using namespace sockwatch;

// Placed as in a segment: by itself on its cache lines.
struct Room {
  alignas(64) std::byte bytes[sizeof(wire::Ring)] = {};
  wire::Ring& ring() { return *reinterpret_cast<wire::Ring*>(bytes); }
  wire::RingImage& image() { return *reinterpret_cast<wire::RingImage*>(bytes); }
};

void fill(wire::Ring& ring, std::uint64_t& sequence) {
  wire::Event event{};
  event.op = wire::Op::poll;
  for (std::size_t i = 0; i < wire::kRingCapacity; ++i) {
    event.sequence = sequence++;
    ring.push(event);
  }
}

// Nobody reads meanwhile; the room is given back outside of what is counted.
void push(benchmark::State& state) {
  const auto room = std::make_unique<Room>();
  new (room->bytes) wire::Ring();
  std::uint64_t sequence = 0;
  while (state.KeepRunningBatch(wire::kRingCapacity)) {
    fill(room->ring(), sequence);
    room->image().read_index.store(room->image().write_index.load());
  }
}
BENCHMARK(push)->Threads(1)->Threads(2)->Threads(8);

// A full ring and one with a few records in it, as the collector finds them.
void drain(benchmark::State& state) {
  const auto room = std::make_unique<Room>();
  new (room->bytes) wire::Ring();
  drain::RingReader reader(room->image());
  const auto count = static_cast<std::size_t>(state.range(0));
  std::uint64_t sequence = 0;
  std::vector<wire::Event> out;
  std::int64_t taken = 0;
  for (auto _ : state) {
    state.PauseTiming();
    wire::Event event{};
    event.op = wire::Op::poll;
    for (std::size_t i = 0; i < count; ++i) {
      event.sequence = sequence++;
      room->ring().push(event);
    }
    out.clear();
    state.ResumeTiming();
    reader.drain(out);
    reader.give_back();
    taken += static_cast<std::int64_t>(out.size());
  }
  if (reader.broken() || taken != state.iterations() * static_cast<std::int64_t>(count)) {
    state.SkipWithError("records were lost");
  }
  state.SetItemsProcessed(taken);
}
BENCHMARK(drain)->Arg(64)->Arg(4095);

}  // namespace

BENCHMARK_MAIN();
