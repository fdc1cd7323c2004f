// A socket's birth, its addresses, and the end of its use.
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "shim/caller_memory.h"
#include "shim/client.h"
#include "shim/failures.h"
#include "shim/hooks/connect.h"
#include "shim/hooks/datagram.h"
#include "shim/hooks/hook.h"
#include "shim/listener.h"
#include "shim/real.h"
#include "shim/state.h"
#include "shim/tcp_picture.h"

using namespace sockwatch;
using namespace sockwatch::shim;

namespace {

void made_socket(int fd, int domain, int type, int protocol) {
  if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX) {
    fd_table::forget(fd);
    return;
  }
  const int error = errno;
  if (process::ensure() != nullptr) {
    fd_table::born(fd, domain, type, protocol);
  }
  errno = error;
}

// A datagram socket with a port of the program's choice serves others, and what it sends are
// answers. Who leaves the choice to the kernel is a client (Node binds each socket so).
void took_port(int fd, const sockaddr* address) {
  const int error = errno;
  sockaddr_in wanted{};  // the port of an IPv6 address lies at the same place
  if (client::may_open_datagram(fd) && readable(address, sizeof(wanted))) {
    std::memcpy(&wanted, address, sizeof(wanted));
    if (wanted.sin_port != 0) {
      fd_table::change(fd, 0, kReceived);
    }
  }
  errno = error;
}

template <class Real>
int accept_through(wire::Op op, int fd, Real real) {
  const int accepted = real();
  fd_table::forget(accepted);
  if (state::recording() && (accepted >= 0 || listener::is_failure(errno))) {
    listener::accepted(op, fd, {accepted, errno});
  }
  return accepted;
}

}  // namespace

extern "C" {
int hook_socket(int domain, int type, int protocol) SOCKWATCH_EXPORT("socket");
int hook_socketpair(int domain, int type, int protocol, int* pair) SOCKWATCH_EXPORT("socketpair");
int hook_connect(int fd, const sockaddr* address, socklen_t length) SOCKWATCH_EXPORT("connect");
int twin_connect(int, const sockaddr*, socklen_t) SOCKWATCH_TWIN_OF("connect", "__connect");
int hook_accept(int fd, sockaddr* address, socklen_t* length) SOCKWATCH_EXPORT("accept");
int hook_accept4(int fd, sockaddr* address, socklen_t* length, int flags)
    SOCKWATCH_EXPORT("accept4");
int hook_bind(int fd, const sockaddr* address, socklen_t length) SOCKWATCH_EXPORT("bind");
int hook_listen(int fd, int backlog) SOCKWATCH_EXPORT("listen");
int hook_shutdown(int fd, int how) SOCKWATCH_EXPORT("shutdown");
int hook_getpeername(int fd, sockaddr* address, socklen_t* length) SOCKWATCH_EXPORT("getpeername");
}

int hook_socket(int domain, int type, int protocol) {
  const int fd = real::socket(domain, type, protocol);
  if (fd < 0) {
    failures::socket_failed(domain, type, protocol);
  } else if (state::recording()) {
    made_socket(fd, domain, type, protocol);
  }
  return fd;
}

int hook_socketpair(int domain, int type, int protocol, int* pair) {
  const int result = real::socketpair(domain, type, protocol, pair);
  if (result == 0) {
    fd_table::forget(pair[0]);
    fd_table::forget(pair[1]);
  }
  return result;
}

int hook_connect(int fd, const sockaddr* address, socklen_t length) {
  return connect_through(fd, address, length, [=] { return real::connect(fd, address, length); });
}

int hook_accept(int fd, sockaddr* address, socklen_t* length) {
  return accept_through(wire::Op::accept, fd, [=] { return real::accept(fd, address, length); });
}

int hook_accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return accept_through(wire::Op::accept4, fd,
                        [=] { return real::accept4(fd, address, length, flags); });
}

int hook_bind(int fd, const sockaddr* address, socklen_t length) {
  const int result = real::bind(fd, address, length);
  if (result < 0) {
    failures::bind_failed(fd, address, length);
  } else if (first_datagram(fd) && length >= sizeof(sockaddr_in)) {
    took_port(fd, address);
  }
  return result;
}

int hook_listen(int fd, int backlog) {
  const int result = real::listen(fd, backlog);
  if (result == 0) {
    fd_table::forget(fd);
    listener::started(fd, backlog);
  } else {
    failures::listen_failed(fd);
  }
  return result;
}

int hook_shutdown(int fd, int how) {
  const std::uint8_t bits = fd_table::bits(fd);
  const Detail* detail = (bits & kTracked) == 0 ? nullptr : fd_table::detail_if_mapped(fd);
  if (detail == nullptr) {
    return real::shutdown(fd, how);
  }
  // The picture of what is given up must be taken before; afterwards the socket is CLOSE.
  wire::TcpPicture picture;
  const bool gives_up = (bits & (kConnecting | kAwaiting)) != 0;
  const bool has_picture = gives_up && take_tcp_picture(fd, &picture) == 0;
  const int result = real::shutdown(fd, how);
  const int error = errno;
  Record record(wire::Op::shutdown, fd);
  if (record) {
    record.outcome({result, error});
    record.event().payload.descriptor.target_fd = fd;
    record.event().payload.descriptor.command = how;
    if (has_picture) {
      record.part(wire::Part::tcp, &picture, sizeof(picture));
    }
    record.publish();
  }
  if (result == 0) {
    fd_table::change(fd, kConnecting | (how == SHUT_WR ? 0U : unsigned{kAwaiting}), 0);
  }
  errno = error;
  return result;
}

int hook_getpeername(int fd, sockaddr* address, socklen_t* length) {
  const int result = real::getpeername(fd, address, length);
  // Success is how some programs learn that a connect has ended.
  const std::uint8_t bits = fd_table::bits(fd);
  const bool ends = result == 0 && (bits & kConnecting) != 0;
  if (!ends && !((bits & kTracked) != 0 && state::settings.every_call)) {
    return result;
  }
  const int error = errno;
  Detail* detail = fd_table::detail_if_mapped(fd);
  if (detail != nullptr) {
    Record record(wire::Op::getpeername, fd);
    if (record) {
      record.outcome({result, error});
      record.endpoint(*detail);
      if (ends) {
        client::publish_phase_end(record, fd, *detail);
      } else {
        record.publish();
      }
    }
  }
  errno = error;
  return result;
}
