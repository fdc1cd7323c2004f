// A send with MSG_FASTOPEN: it connects, and hands over the first bytes. Told as a connect, marked
// so, and the send behind it.
#pragma once

#include "shim/client.h"
#include "shim/transfer.h"

namespace sockwatch::shim {

// The flag means something, and the socket is one that could be connected by it.
inline bool opens_fast(int fd, int flags) {
  return (flags & MSG_FASTOPEN) != 0 && client::may_open_fast(fd);
}

// `to`: where the call names its address. Only where `opens_fast`.
template <class FirstByte, class Real>
[[gnu::noinline]] auto fast_open_through(wire::Op op, int fd, int flags, const sockaddr* to,
                                         socklen_t length, FirstByte first_byte, Real real) {
  client::Attempt attempt;
  attempt.fast_open = true;
  const int error_before = errno;
  client::prepare(attempt, fd, to, length);
  errno = error_before;
  if (attempt.kind != client::Attempt::Kind::fresh) {
    return transfer::send_through(op, fd, flags, first_byte, real);
  }
  const int byte = first_byte();
  errno = error_before;
  fd_table::change(fd, 0, kAwaiting);  // the reply can be received before the send has returned
  const auto result = real();
  const int error = errno;
  if (result < 0) {
    fd_table::change(fd, kAwaiting, 0);
  }
  // Bytes that were taken say nothing of the handshake: the picture does.
  client::finish(attempt, fd, {result < 0 ? -1L : 0L, error});
  if (result >= 0) {
    transfer::sent({op, fd, flags, kBorn | kTracked, attempt.start_ns, {}},
                   {static_cast<long>(result), 0}, result > 0 ? byte : -1);
  }
  errno = error;
  return result;
}

}  // namespace sockwatch::shim
