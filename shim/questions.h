// The right to ask the kernel something of our own, held for the time of a few system calls.
//
// A thread may put all threads of the program under a seccomp filter at any moment
// (SECCOMP_FILTER_FLAG_TSYNC), and the filter may answer a system call of ours by a kill. So there
// are none once `state::sandboxed` is set, and whoever is about to install such a filter waits
// until the others have put theirs down: everyone says first that it asks and looks then at the
// mark, which was set before they were counted.
//
//   const Questions questions;
//   if (!questions) { return; }   // under a filter of the program's own making
//   raw::call(...);
//
// Never held across a call of the program's. May be held twice (by a handler, or further in).
#pragma once

#include <atomic>
#include <cstdint>

#include "shim/state.h"

namespace sockwatch::shim {

class Questions {
 public:
  Questions() : place_(place()) {
    place_.fetch_add(1, std::memory_order_seq_cst);
    allowed_ = !state::sandboxed.load(std::memory_order_seq_cst);
  }
  ~Questions() { place_.fetch_sub(1, std::memory_order_release); }
  Questions(const Questions&) = delete;
  Questions& operator=(const Questions&) = delete;

  explicit operator bool() const { return allowed_; }

  // With `sandboxed` set: until nobody asks any more. Gives up after a fifth of a second, because a
  // thread that was cancelled, or a handler that jumped away, in the middle is counted for ever.
  static void wait_until_none();
  // In the child of a fork: the threads that asked in the parent are not here.
  static void forget_others();

 private:
  using Count = std::atomic<std::int32_t>;
  // By thread, as well as its address tells them apart, so that threads do not meet here.
  static Count& place();

  Count& place_;
  bool allowed_;
};

}  // namespace sockwatch::shim
