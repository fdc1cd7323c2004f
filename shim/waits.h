// A program waiting: poll, select, epoll_wait.
//
// A wait with nothing pending costs one load and is not looked at. With a connect pending it is
// recorded, with the descriptors that matter; with only a reply awaited, it is recorded when it
// expired, without its start. So is a longer one that expired on connections of which nothing is
// awaited: the greeting may be missing, or the rest of a reply. A look (time-out 0) that found
// nothing is no wait.
#pragma once

#include <poll.h>
#include <sys/select.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "shim/clock.h"
#include "shim/record.h"
#include "shim/state.h"

namespace sockwatch::shim::waits {

inline std::uint64_t pending() {
  return process::current().pending.load(std::memory_order_relaxed);
}
inline bool any_connecting(std::uint64_t pending) {
  return static_cast<std::uint32_t>(pending) != 0;
}

inline constexpr std::int64_t kForEver = -1;
// A wait on connections of which nothing is awaited is told from this length on: a loop that ticks
// faster while they rest would fill the ring with nothing.
inline constexpr std::int64_t kPatience = 50'000'000;

inline bool any_clients() {
  return process::current().clients.load(std::memory_order_relaxed) != 0;
}
// Whether a select is worth saving its sets for; one that did not wait for a connection in vain
// makes that true for one less, one that found a connection ready for none.
inline bool any_fresh() { return process::current().fresh.load(std::memory_order_relaxed) != 0; }
void selected_others();

struct Wait {
  struct Head {  // as an event begins
    wire::Op op;
    std::uint16_t flags;
    int fd;  // the epoll descriptor, or -1
  } head;
  std::uint32_t watched;   // as the caller passed it
  std::uint64_t start_ns;  // 0: only replies are awaited, the clock was not read
};
static_assert(sizeof(Wait::Head) == offsetof(wire::Event, sequence));

// Starts looking at a wait; call only with something pending.
inline Wait begin(wire::Op op, int fd, std::uint32_t watched) {
  if (any_connecting(pending()) || state::settings.every_call) {
    return {{op, wire::kHasStart, fd}, watched, clock::now_ns()};
  }
  return {{op, 0, fd}, watched, 0};
}

// Only for accepted() outcomes; polled() is in told_waits.h.
void epolled(const Wait& wait, std::int64_t timeout_ns, Outcome outcome);

// True if the outcome says that the kernel accepted the caller's arguments.
inline bool accepted(Outcome outcome) { return outcome.result >= 0 || outcome.error == EINTR; }

// The descriptors of interest in a select's sets, saved before the kernel overwrites them. Never
// reads further than the kernel does: not beyond the word that holds the highest descriptor of
// interest, which is open and so inside the kernel's own bound. Sets that cannot be read give an
// empty list. Beyond kMost descriptors the rest is left out.
struct Selected {
  static constexpr std::size_t kMost = 4 * wire::kEntriesPerEvent;
  std::size_t count = 0;
  wire::WaitEntry entries[kMost];
};
void save_selected(Selected& selected, int count, const fd_set* read, const fd_set* write,
                   const fd_set* except);
void selected(const Wait& wait, Selected& selected, const fd_set* read, const fd_set* write,
              const fd_set* except, std::int64_t timeout_ns, Outcome outcome);

}  // namespace sockwatch::shim::waits
