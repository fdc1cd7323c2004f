// Waiting.
#include <sys/epoll.h>

#include "shim/caller_memory.h"
#include "shim/client.h"
#include "shim/failures.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/poll.h"
#include "shim/membership.h"
#include "shim/real.h"
#include "shim/state.h"

using namespace sockwatch;
using namespace sockwatch::shim;

extern "C" {
int hook_poll(pollfd* fds, nfds_t count, int timeout) SOCKWATCH_EXPORT("poll");
int twin_poll(pollfd*, nfds_t, int) SOCKWATCH_TWIN_OF("poll", "__poll");
int hook_ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask)
    SOCKWATCH_EXPORT("ppoll");
int hook_select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout)
    SOCKWATCH_EXPORT("select");
int twin_select(int, fd_set*, fd_set*, fd_set*, timeval*) SOCKWATCH_TWIN_OF("select", "__select");
int hook_pselect(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout,
                 const sigset_t* mask) SOCKWATCH_EXPORT("pselect");
int hook_epoll_create(int size) SOCKWATCH_EXPORT("epoll_create");
int hook_epoll_create1(int flags) SOCKWATCH_EXPORT("epoll_create1");
int hook_epoll_ctl(int epoll, int command, int fd, epoll_event* event)
    SOCKWATCH_EXPORT("epoll_ctl");
int hook_epoll_wait(int epoll, epoll_event* events, int count, int timeout)
    SOCKWATCH_EXPORT("epoll_wait");
int hook_epoll_pwait(int epoll, epoll_event* events, int count, int timeout, const sigset_t* mask)
    SOCKWATCH_EXPORT("epoll_pwait");
int hook_epoll_pwait2(int epoll, epoll_event* events, int count, const timespec* timeout,
                      const sigset_t* mask) SOCKWATCH_EXPORT("epoll_pwait2");
}

namespace {

// A select with something pending. The sets, and select's own time-out, are overwritten by the
// kernel and so must be read before it has accepted them: through `readable`.
template <class Real, class Time, class... Rest>
[[gnu::noinline]] int watched_select(wire::Op op, const Real& real, int count, fd_set* read,
                                     fd_set* write, fd_set* except, Time* timeout, Rest... rest) {
  waits::Selected selected;
  waits::save_selected(selected, count, read, write, except);
  if (selected.count == 0) {
    waits::selected_others();
    return real(count, read, write, except, timeout, rest...);
  }
  std::int64_t timeout_ns = waits::kForEver;
  if (timeout != nullptr) {
    if (!readable(timeout, sizeof(*timeout))) {
      return real(count, read, write, except, timeout, rest...);
    }
    timeout_ns = clock::to_ns(*timeout);
  }
  const waits::Wait wait = waits::begin(op, -1, static_cast<std::uint32_t>(count));
  const int result = real(count, read, write, except, timeout, rest...);
  const int error = errno;
  waits::selected(wait, selected, read, write, except, timeout_ns, {result, error});
  errno = error;
  return result;
}

// The sets of a select are gone when it has expired. Those of the first ones after bytes came back
// are saved too: one of them may be waiting for the rest of a reply.
inline bool watched() { return waits::pending() != 0 || waits::any_fresh(); }

// Stands apart so that the common call has no stack frame.
template <class Real, class... Rest>
[[gnu::noinline, gnu::cold]] int large_select(wire::Op op, const Real& real, int count,
                                              Rest... rest) {
  failures::beyond_set(op, count);
  return watched() ? watched_select(op, real, count, rest...) : real(count, rest...);
}

template <class Real, class... Rest>
int select_through(wire::Op op, const Real& real, int count, Rest... rest) {
  if (count > FD_SETSIZE) [[unlikely]] {
    return large_select(op, real, count, rest...);
  }
  return watched() ? watched_select(op, real, count, rest...) : real(count, rest...);
}

}  // namespace

int hook_poll(pollfd* fds, nfds_t count, int timeout) {
  return poll_through(wire::Op::poll, real::poll, fds, count, timeout);
}

int hook_ppoll(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  return poll_through(wire::Op::ppoll, real::ppoll, fds, count, timeout, mask);
}

int hook_select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  return select_through(wire::Op::select, real::select, count, read, write, except, timeout);
}

int hook_pselect(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* timeout,
                 const sigset_t* mask) {
  return select_through(wire::Op::pselect, real::pselect, count, read, write, except, timeout,
                        mask);
}

int hook_epoll_create(int size) {
  const int fd = real::epoll_create(size);
  fd_table::forget(fd);
  return fd;
}

int hook_epoll_create1(int flags) {
  const int fd = real::epoll_create1(flags);
  fd_table::forget(fd);
  return fd;
}

int hook_epoll_ctl(int epoll, int command, int fd, epoll_event* event) {
  const int result = real::epoll_ctl(epoll, command, fd, event);
  if (result == 0) {
    membership::changed(epoll, command, fd, event);
  }
  return result;
}

int hook_epoll_wait(int epoll, epoll_event* events, int count, int timeout) {
  return epoll_through(wire::Op::epoll_wait, real::epoll_wait, epoll, events, count, timeout);
}

int hook_epoll_pwait(int epoll, epoll_event* events, int count, int timeout, const sigset_t* mask) {
  return epoll_through(wire::Op::epoll_pwait, real::epoll_pwait, epoll, events, count, timeout,
                       mask);
}

int hook_epoll_pwait2(int epoll, epoll_event* events, int count, const timespec* timeout,
                      const sigset_t* mask) {
  return epoll_through(wire::Op::epoll_pwait2, real::epoll_pwait2, epoll, events, count, timeout,
                       mask);
}
