// A socket that listens: its accepts, and its accept queue.
//
// Told: each accept that gave a connection; failures, where the same one repeats at most every 10
// ms with their number (a server out of descriptors asks a million times a second). Beside the
// first event, the close, and otherwise at most every 10 ms: a look at the queue (TCP_INFO of the
// listener) and the local address. "Nobody there" (EAGAIN) costs nothing. An accepted socket is of
// no interest by itself.
//
// listen is told with the first accept: a process that listens and leaves the rest to its children
// needs no segment.
#pragma once

#include <cerrno>

#include "shim/record.h"

namespace sockwatch::shim::listener {

// listen returned 0: it will be told with the first accept. Keeps errno.
void started(int fd, int backlog);

// accept on `fd` returned a descriptor, or failed otherwise than for want of a connection or by a
// wrong argument. A listener that was not seen before (inherited) is adopted. Keeps errno.
void accepted(wire::Op op, int fd, Outcome outcome);

// A failure worth telling. EINVAL, EBADF and their like say that there is no listener.
inline bool is_failure(int error) {
  switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case EINTR:
    case EINVAL:
    case EBADF:
    case ENOTSOCK:
    case EOPNOTSUPP:
    case EFAULT:
      return false;
    default:
      return true;
  }
}

// `fd` is a listener the collector knows of.
bool is_told(int fd);

// The listener is about to be closed: tells failures that were counted and not told yet. False if
// its end is not worth telling.
bool ending(int fd);

}  // namespace sockwatch::shim::listener
