// Calls that fail before there is a connection to blame. Told only when they failed: one that
// worked costs nothing.
#pragma once

#include <sys/socket.h>

#include "shim/wire/event.h"

namespace sockwatch::shim::failures {

// Each is called after the real call, with errno as it left it, and leaves it so.
[[gnu::cold]] void socket_failed(int domain, int type, int protocol);
[[gnu::cold]] void bind_failed(int fd, const sockaddr* address, socklen_t length);
[[gnu::cold]] void listen_failed(int fd);

// select with `count` above FD_SETSIZE; before the real call, which may be the last thing the
// program does. Told when the number grew and a descriptor is open at its end (Perl passes whole
// bytes of its set, so within the last eight): a program that passes getdtablesize() does no harm.
[[gnu::cold]] void beyond_set(wire::Op op, int count);

}  // namespace sockwatch::shim::failures
