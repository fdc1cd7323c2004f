// connect, by whichever name it was called (connect, syscall(SYS_connect, ...)).
#pragma once

#include <cerrno>

#include "shim/client.h"
#include "shim/state.h"

namespace sockwatch::shim {

template <class Real>
auto connect_through(int fd, const sockaddr* address, socklen_t length, Real real) {
  if (!state::recording()) {
    return real();
  }
  client::Attempt attempt;
  const int error_before = errno;
  client::prepare(attempt, fd, address, length);
  errno = error_before;
  const auto result = real();
  if (attempt.kind == client::Attempt::Kind::unwatched) {
    return result;
  }
  const int error = errno;
  client::finish(attempt, fd, {static_cast<long>(result), error});
  errno = error;
  return result;
}

}  // namespace sockwatch::shim
