// Threads that give themselves a table of descriptors of their own (unshare and close_range can).
// From then on their numbers are not those the library knows, so nothing such a thread does is
// recorded. Alone in its process a thread has the table to itself already, and nothing changes.
#pragma once

#include <sched.h>

namespace sockwatch::shim::own_table {

// Whether the calling thread has its table in common with others. Without /proc a thread of a
// process with a socket is taken to have.
bool is_shared();

// It has one of its own now.
void taken();

template <class Real>
auto unshare_through(unsigned long what, Real real) {
  const bool shared = (what & CLONE_FILES) != 0 && is_shared();
  const auto result = real();
  if (shared && result == 0) {
    taken();
  }
  return result;
}

}  // namespace sockwatch::shim::own_table
