// poll and epoll_wait by their names. The hooks pass the real function and its arguments as they
// got them.
#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include <cerrno>

#include "shim/clock.h"
#include "shim/told_waits.h"

namespace sockwatch::shim {

inline std::int64_t in_ns(int timeout_ms) {
  return timeout_ms < 0 ? waits::kForEver : std::int64_t{timeout_ms} * 1'000'000;
}
// Only after the kernel has accepted the call.
inline std::int64_t in_ns(const timespec* timeout) {
  return timeout == nullptr ? waits::kForEver : clock::to_ns(*timeout);
}

// The watched half stands apart so that the common one has next to no stack frame.
template <class Real, class Time, class... Rest>
[[gnu::noinline]] int watched_poll(wire::Op op, const Real& real, pollfd* fds, nfds_t count,
                                   Time timeout, Rest... rest) {
  const waits::Wait wait = waits::begin(op, -1, static_cast<std::uint32_t>(count));
  const int result = real(fds, count, timeout, rest...);
  if (wait.start_ns == 0 && result > 0) {
    return result;  // only replies are awaited, and this wait did not expire
  }
  const int error = errno;
  if (waits::accepted({result, error})) {
    waits::polled(wait, fds, count, in_ns(timeout), {result, error});
  }
  errno = error;
  return result;
}

// Nothing was pending when the wait began, and it expired. Another thread may have connected or
// sent meanwhile, and this is the wait that gave up on it; or a reply had begun and its rest was
// waited for.
inline bool some_time(int timeout_ms) { return timeout_ms != 0; }
inline bool some_time(const timespec* timeout) {
  return timeout == nullptr || (timeout->tv_sec | timeout->tv_nsec) != 0;
}

template <class Time>
[[gnu::noinline, gnu::cold]] void late_poll(wire::Op op, const pollfd* fds, nfds_t count,
                                            Time timeout) {
  const int error = errno;
  waits::polled({{op, 0, -1}, static_cast<std::uint32_t>(count), 0}, fds, count, in_ns(timeout),
                {0, 0});
  errno = error;
}

// The arguments are kept for a late wait in memory: in registers they would cost every wait the
// saving and restoring of what its caller had in those.
template <class Real, class Time, class... Rest>
inline int poll_through(wire::Op op, const Real& real, pollfd* fds, nfds_t count, Time timeout,
                        Rest... rest) {
  if (waits::pending() != 0) [[unlikely]] {
    return watched_poll(op, real, fds, count, timeout, rest...);
  }
  pollfd* volatile kept_fds = fds;
  const volatile nfds_t kept_count = count;
  const volatile Time kept_timeout = timeout;
  const int result = real(fds, count, timeout, rest...);
  if (result == 0 && some_time(kept_timeout)) [[unlikely]] {
    late_poll<Time>(op, kept_fds, kept_count, kept_timeout);
    return 0;
  }
  return result;
}

template <class Real, class Time, class... Rest>
[[gnu::noinline]] int watched_epoll(wire::Op op, const Real& real, int fd, epoll_event* events,
                                    int watched, Time timeout, Rest... rest) {
  const waits::Wait wait = waits::begin(op, fd, static_cast<std::uint32_t>(watched));
  const int result = real(fd, events, watched, timeout, rest...);
  if (wait.start_ns == 0 && result > 0) {
    return result;  // only replies are awaited, and this wait did not expire
  }
  const int error = errno;
  if (waits::accepted({result, error})) {
    waits::epolled(wait, in_ns(timeout), {result, error});
  }
  errno = error;
  return result;
}

template <class Time>
[[gnu::noinline, gnu::cold]] void late_epoll(wire::Op op, int fd, int watched, Time timeout) {
  const int error = errno;
  waits::epolled({{op, 0, fd}, static_cast<std::uint32_t>(watched), 0}, in_ns(timeout), {0, 0});
  errno = error;
}

template <class Real, class Time, class... Rest>
inline int epoll_through(wire::Op op, const Real& real, int fd, epoll_event* events, int watched,
                         Time timeout, Rest... rest) {
  if (waits::pending() != 0) [[unlikely]] {
    return watched_epoll(op, real, fd, events, watched, timeout, rest...);
  }
  const volatile int kept_fd = fd;
  const volatile int kept_watched = watched;
  const volatile Time kept_timeout = timeout;
  const int result = real(fd, events, watched, timeout, rest...);
  if (result == 0 && some_time(kept_timeout)) [[unlikely]] {
    late_epoll<Time>(op, kept_fd, kept_watched, kept_timeout);
    return 0;
  }
  return result;
}

}  // namespace sockwatch::shim
