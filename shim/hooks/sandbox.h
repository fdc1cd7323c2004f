// A program that puts itself under seccomp.
#pragma once

#include <cstdint>

#include "shim/bell.h"
#include "shim/clock.h"
#include "shim/process.h"
#include "shim/state.h"

namespace sockwatch::shim::sandbox {

// From now on no system call of our own: the filter is the program's, and it knows nothing of us.
inline void entered(std::uint64_t now_ns) {
  state::sandboxed.store(true, std::memory_order_relaxed);
  wire::Header* header = process::current().segment.load(std::memory_order_acquire);
  if (header != nullptr && header->sandboxed_ns == 0) {
    header->sandboxed_ns = now_ns;
  }
}

// Runs a call that puts the program under a filter if it succeeds. The mark is set before, because
// the filter is in force the moment the call returns, and taken back if it failed.
template <class Real>
auto filter_through(Real real) {
  const bool before = state::sandboxed.exchange(true, std::memory_order_relaxed);
  if (!before) {
    bell::remove(process::current());
  }
  const auto result = real();
  if (result >= 0) {
    entered(clock::now_ns());
  } else {
    state::sandboxed.store(before, std::memory_order_relaxed);
    if (!before) {
      bell::put_back(process::current());
    }
  }
  return result;
}

// The same for strict mode, where even the clock is out of reach: the kernel forbids the
// instruction that reads the time-stamp counter, and it ends the process. So recording is over.
template <class Real>
auto strict_through(Real real) {
  const std::uint64_t now_ns = clock::now_ns();
  const bool before = state::sandboxed.exchange(true, std::memory_order_relaxed);
  const state::Mode mode = state::mode.exchange(state::Mode::disabled, std::memory_order_relaxed);
  const auto result = real();
  if (result >= 0) {
    process::current().stop();
    entered(now_ns);
  } else {
    state::mode.store(mode, std::memory_order_relaxed);
    state::sandboxed.store(before, std::memory_order_relaxed);
  }
  return result;
}

// `strict`, `filter`: what the caller asks for; neither: a question, not a sandbox.
template <class Real>
auto watch(bool strict, bool filter, Real real) {
  if (!state::recording() || !(strict || filter)) {
    return real();
  }
  return strict ? strict_through(real) : filter_through(real);
}

}  // namespace sockwatch::shim::sandbox
