// What the kernel says about a TCP connection, at one moment.
#pragma once

#include "shim/wire/event.h"

namespace sockwatch::shim {

// Asks for TCP_INFO (0.6 us). Returns 0, or the errno: ENOTSOCK or EBADF mean that the descriptor
// is no longer what the table thinks, anything else that there is no such picture for this socket.
// EPERM, without asking, under seccomp.
int take_tcp_picture(int fd, wire::TcpPicture* picture);

// The state alone; 0 where it cannot be read.
std::uint8_t tcp_state(int fd);

// True while the connect phase runs: SYN_SENT or SYN_RECV.
bool in_handshake(const wire::TcpPicture& picture);

}  // namespace sockwatch::shim
