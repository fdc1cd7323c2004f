#include "shim/questions.h"

#include "shim/clock.h"
#include "shim/raw.h"
#include "shim/thread.h"

namespace sockwatch::shim {
namespace {

constexpr std::uint64_t kPatienceNs = 200'000'000;
constexpr std::size_t kPlaces = 16;
constexpr std::uintptr_t kThreadsApart = 4096;  // at least: each has a stack of its own

struct alignas(64) Place {
  std::atomic<std::int32_t> asking;
};
constinit Place places[kPlaces]{};

// In the child of a fork it may be below zero: its threads were counted in the parent.
bool anybody_asks() {
  for (const Place& place : places) {
    if (place.asking.load(std::memory_order_seq_cst) > 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

Questions::Count& Questions::place() {
  const auto thread = reinterpret_cast<std::uintptr_t>(&thread::mine);
  return places[thread / kThreadsApart % kPlaces].asking;
}

void Questions::wait_until_none() {
  const std::uint64_t begin_ns = clock::now_ns();
  while (anybody_asks() && clock::now_ns() - begin_ns < kPatienceNs) {
    raw::doze();
  }
}

void Questions::forget_others() {
  for (Place& place : places) {
    place.asking.store(0, std::memory_order_relaxed);
  }
}

}  // namespace sockwatch::shim
