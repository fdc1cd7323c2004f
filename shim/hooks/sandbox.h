// A program that puts itself under seccomp, or has its system calls turned into signals.
#pragma once

#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>

#include "shim/bell.h"
#include "shim/clock.h"
#include "shim/environment.h"
#include "shim/process.h"
#include "shim/questions.h"
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

enum class Kind : std::uint8_t {
  none,                  // a question, not a sandbox
  strict,                // SECCOMP_MODE_STRICT
  filter,                // for the calling thread and those it will make
  all_threads,           // a filter with SECCOMP_FILTER_FLAG_TSYNC: refused it is by a thread's id
  all_threads_listened,  // the same with SECCOMP_FILTER_FLAG_NEW_LISTENER: gives a descriptor
};

inline bool succeeded(Kind kind, long result) {
  return kind == Kind::all_threads ? result == 0 : result >= 0;
}

// Runs a call that puts the program under a filter if it succeeds. The mark is set before, because
// the filter is in force the moment the call returns, and taken back if it failed.
template <class Real>
auto filter_through(Kind kind, Real real) {
  const bool borrowed = process::is_borrowed(process::current());
  const bool before = state::sandboxed.exchange(true, std::memory_order_seq_cst);
  if (!before) {
    bell::remove(process::current());
    if (kind != Kind::filter) {  // others may be in the middle of questions to the kernel
      Questions::wait_until_none();
    }
  }
  const auto result = real();
  const bool entered_now = succeeded(kind, result);
  if (entered_now && borrowed) {
    state::parents = !before;
  } else if (entered_now) {
    entered(clock::now_ns());
    environment::end_recording_in(environ);
  } else {
    state::sandboxed.store(before, std::memory_order_relaxed);
  }
  if (!before && (!entered_now || borrowed)) {
    bell::put_back(process::current());
  }
  return result;
}

// The same where even the clock is out of reach, so recording is over: in strict mode the kernel
// forbids the instruction that reads the time-stamp counter, and without a vdso the time is a
// system call.
template <class Real>
auto strict_through(Kind kind, Real real) {
  const std::uint64_t now_ns = clock::now_ns();
  const bool before = state::sandboxed.exchange(true, std::memory_order_relaxed);
  const state::Mode mode = state::mode.exchange(state::Mode::disabled, std::memory_order_relaxed);
  const auto result = real();
  if (succeeded(kind, result)) {
    process::current().stop();
    entered(now_ns);
    environment::end_recording_in(environ);
  } else {
    state::mode.store(mode, std::memory_order_relaxed);
    state::sandboxed.store(before, std::memory_order_relaxed);
  }
  return result;
}

template <class Real>
auto watch(Kind kind, Real real) {
  if (kind == Kind::none || !state::recording()) {
    return real();
  }
  if (kind == Kind::strict || !clock::in_vdso()) {
    return strict_through(kind, real);
  }
  return filter_through(kind, real);
}

// What prctl(option, first, ...) asks for.
inline Kind of_prctl(int option, unsigned long first) {
  constexpr int kUserDispatch = 59;     // PR_SET_SYSCALL_USER_DISPATCH, Linux 5.11
  constexpr unsigned long kStrict = 1;  // SECCOMP_MODE_STRICT
  constexpr unsigned long kFilter = 2;
  if (option == kUserDispatch) {
    return first != 0 ? Kind::filter : Kind::none;
  }
  if (option != PR_SET_SECCOMP) {
    return Kind::none;
  }
  return first == kStrict ? Kind::strict : first == kFilter ? Kind::filter : Kind::none;
}

// What seccomp(operation, flags, ...) asks for.
inline Kind of_seccomp(unsigned long operation, unsigned long flags) {
  constexpr unsigned long kSetStrict = 0;  // SECCOMP_SET_MODE_STRICT, linux/seccomp.h
  constexpr unsigned long kSetFilter = 1;
  constexpr unsigned long kTsync = 1;  // SECCOMP_FILTER_FLAG_TSYNC
  constexpr unsigned long kNewListener = 1 << 3;
  if (operation == kSetStrict) {
    return Kind::strict;
  }
  if (operation != kSetFilter) {
    return Kind::none;
  }
  if ((flags & kTsync) == 0) {
    return Kind::filter;
  }
  return (flags & kNewListener) != 0 ? Kind::all_threads_listened : Kind::all_threads;
}

}  // namespace sockwatch::shim::sandbox
