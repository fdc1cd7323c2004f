// poll by its four names.
#pragma once

#include <cerrno>

#include "shim/clock.h"
#include "shim/waits.h"

namespace sockwatch::shim {

inline std::int64_t from_ms(int timeout) {
  return timeout < 0 ? waits::kForEver : std::int64_t{timeout} * 1'000'000;
}
// Only after the kernel has accepted the call.
inline std::int64_t from_timespec(const timespec* timeout) {
  return timeout == nullptr ? waits::kForEver : clock::to_ns(*timeout);
}

// `timeout` is a function: what it reads is the caller's memory, good once the call was accepted.
// The watched half stands apart so that the common one has no stack frame.
template <class Timeout, class Real>
[[gnu::noinline]] int watched_poll(wire::Op op, const pollfd* fds, nfds_t count, Timeout timeout,
                                   Real real) {
  const waits::Wait wait = waits::begin(op, -1, static_cast<std::uint32_t>(count));
  const int result = real();
  if (wait.start_ns == 0 && result > 0) {
    return result;  // only replies are awaited, and this wait did not expire
  }
  const int error = errno;
  if (waits::accepted({result, error})) {
    waits::polled(wait, fds, count, timeout(), {result, error});
  }
  errno = error;
  return result;
}

// Nothing was pending when the wait began, but it expired with something pending: another thread
// connected or sent meanwhile, and this is the wait that gave up on it.
template <class Tell>
[[gnu::noinline, gnu::cold]] void tell_late(Tell tell) {
  const int error = errno;
  tell();
  errno = error;
}

template <class Timeout, class Real>
inline int poll_through(wire::Op op, const pollfd* fds, nfds_t count, Timeout timeout, Real real) {
  if (waits::pending() == 0) [[likely]] {
    const int result = real();
    if (result == 0 && waits::pending() != 0) [[unlikely]] {
      tell_late([=] {
        const auto watched = static_cast<std::uint32_t>(count);
        waits::polled({op, -1, watched, 0}, fds, count, timeout(), {0, 0});
      });
    }
    return result;
  }
  return watched_poll(op, fds, count, timeout, real);
}

template <class Timeout, class Real>
[[gnu::noinline]] int watched_epoll(wire::Op op, int fd, int watched, Timeout timeout, Real real) {
  const waits::Wait wait = waits::begin(op, fd, static_cast<std::uint32_t>(watched));
  const int result = real();
  if (wait.start_ns == 0 && result > 0) {
    return result;  // only replies are awaited, and this wait did not expire
  }
  const int error = errno;
  if (waits::accepted({result, error})) {
    waits::epolled(wait, timeout(), {result, error});
  }
  errno = error;
  return result;
}

template <class Timeout, class Real>
inline int epoll_through(wire::Op op, int fd, int watched, Timeout timeout, Real real) {
  if (waits::pending() == 0) [[likely]] {
    const int result = real();
    if (result == 0 && waits::pending() != 0) [[unlikely]] {
      tell_late([=] {
        waits::epolled({op, fd, static_cast<std::uint32_t>(watched), 0}, timeout(), {0, 0});
      });
    }
    return result;
  }
  return watched_epoll(op, fd, watched, timeout, real);
}

}  // namespace sockwatch::shim
