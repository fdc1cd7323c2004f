// The first datagram of a socket that was never connected and that names its peer: how a client of
// UDP begins. Told as a connect, marked so, and the send behind it; after that the socket is a
// client as any other. A server is none: it takes a port first (bind).
//
// Whom its later datagrams go to is not looked at.
#pragma once

#include "shim/client.h"
#include "shim/transfer.h"

namespace sockwatch::shim {

// Made by socket(), and nothing seen of it since.
inline bool first_datagram(int fd) {
  return (fd_table::bits(fd) & (kBorn | kTracked | kSent | kReceived)) == kBorn;
}
inline bool opens_datagram(int fd, const sockaddr* to) {
  return to != nullptr && first_datagram(fd) && client::may_open_datagram(fd);
}

// `to`: where the call names its address. Only where `opens_datagram`.
template <class Real>
[[gnu::noinline]] auto datagram_through(wire::Op op, int fd, int flags, const sockaddr* to,
                                        socklen_t length, Real real) {
  client::Attempt attempt;
  attempt.datagram = true;
  const int error_before = errno;
  client::prepare(attempt, fd, to, length);
  errno = error_before;
  if (attempt.kind != client::Attempt::Kind::fresh) {
    return real();
  }
  fd_table::change(fd, 0, kAwaiting);  // the reply can be received before the send has returned
  const auto result = real();
  const int error = errno;
  const bool told =
      result >= 0 || client::ends_connection(error) || error == EPERM || error == EADDRNOTAVAIL;
  if (result < 0) {
    fd_table::change(fd, kAwaiting, 0);
  }
  if (told) {
    client::finish(attempt, fd, {result < 0 ? -1L : 0L, error});
  }
  if (result < 0) {
    fd_table::change(fd, 0xff, attempt.bits_before);  // the next one may get through
  } else {
    // No byte of it is looked at: TLS does not come this way.
    transfer::sent({op, fd, flags, kBorn | kTracked, attempt.start_ns, {}},
                   {static_cast<long>(result), 0}, -1);
  }
  errno = error;
  return result;
}

}  // namespace sockwatch::shim
