// Bytes. The logic is in shim/transfer.h; here is only how each call names its bytes.
#include "shim/transfer.h"

#include "shim/caller_memory.h"
#include "shim/hooks/datagram.h"
#include "shim/hooks/fast_open.h"
#include "shim/hooks/hook.h"
#include "shim/process.h"
#include "shim/raw.h"
#include "shim/real.h"

using namespace sockwatch;
using namespace sockwatch::shim;
using transfer::receive_through;
using transfer::send_through;

extern "C" {
ssize_t hook_send(int fd, const void* bytes, size_t size, int flags) SOCKWATCH_EXPORT("send");
ssize_t twin_send(int, const void*, size_t, int) SOCKWATCH_TWIN_OF("send", "__send");
ssize_t hook_sendto(int fd, const void* bytes, size_t size, int flags, const sockaddr* to,
                    socklen_t length) SOCKWATCH_EXPORT("sendto");
ssize_t hook_sendmsg(int fd, const msghdr* message, int flags) SOCKWATCH_EXPORT("sendmsg");
int hook_sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags)
    SOCKWATCH_EXPORT("sendmmsg");
ssize_t hook_recv(int fd, void* bytes, size_t size, int flags) SOCKWATCH_EXPORT("recv");
ssize_t hook_recvfrom(int fd, void* bytes, size_t size, int flags, sockaddr* from,
                      socklen_t* length) SOCKWATCH_EXPORT("recvfrom");
ssize_t hook_recvmsg(int fd, msghdr* message, int flags) SOCKWATCH_EXPORT("recvmsg");
int hook_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout)
    SOCKWATCH_EXPORT("recvmmsg");
ssize_t hook_read(int fd, void* bytes, size_t size) SOCKWATCH_EXPORT("read");
ssize_t twin_read(int, void*, size_t) SOCKWATCH_TWIN_OF("read", "__read");
ssize_t hook_readv(int fd, const iovec* parts, int count) SOCKWATCH_EXPORT("readv");
ssize_t hook_write(int fd, const void* bytes, size_t size) SOCKWATCH_EXPORT("write");
ssize_t twin_write(int, const void*, size_t) SOCKWATCH_TWIN_OF("write", "__write");
ssize_t hook_writev(int fd, const iovec* parts, int count) SOCKWATCH_EXPORT("writev");
ssize_t hook_sendfile(int to, int from, off_t* offset, size_t size) SOCKWATCH_EXPORT("sendfile");
ssize_t hook_sendfile64(int to, int from, off_t* offset, size_t size)
    SOCKWATCH_EXPORT("sendfile64");
ssize_t hook_splice(int from, loff_t* from_offset, int to, loff_t* to_offset, size_t size,
                    unsigned flags) SOCKWATCH_EXPORT("splice");
}

namespace {

auto first_of(const void* bytes, std::size_t size) {
  return [=] { return transfer::first_byte_of(bytes, size); };
}
auto first_of(const iovec* parts, int count) {
  return [=] { return transfer::first_byte_of(parts, static_cast<std::size_t>(count)); };
}
auto first_of(const msghdr* message) {
  return [=] { return transfer::first_byte_of(message); };
}
int not_known() { return -1; }

auto some(std::size_t size) {
  return [size] { return size != 0; };
}
auto some(const iovec* parts, int count) {
  return [=] { return transfer::any_room(parts, static_cast<std::size_t>(count)); };
}
auto some(const msghdr* message) {
  return [message] { return transfer::any_room(message->msg_iov, message->msg_iovlen); };
}

}  // namespace

ssize_t hook_send(int fd, const void* bytes, size_t size, int flags) {
  return send_through(wire::Op::send, fd, flags, first_of(bytes, size),
                      [=] { return real::send(fd, bytes, size, flags); });
}

ssize_t hook_sendto(int fd, const void* bytes, size_t size, int flags, const sockaddr* to,
                    socklen_t length) {
  const auto make = [=] { return real::sendto(fd, bytes, size, flags, to, length); };
  if (opens_fast(fd, flags)) [[unlikely]] {
    return fast_open_through(wire::Op::sendto, fd, flags, to, length, first_of(bytes, size), make);
  }
  if (opens_datagram(fd, to)) [[unlikely]] {
    return datagram_through(wire::Op::sendto, fd, flags, to, length, make);
  }
  return send_through(wire::Op::sendto, fd, flags, first_of(bytes, size), make);
}

ssize_t hook_sendmsg(int fd, const msghdr* message, int flags) {
  const auto make = [=] { return real::sendmsg(fd, message, flags); };
  if (opens_fast(fd, flags) && readable(message, sizeof(*message))) [[unlikely]] {
    return fast_open_through(wire::Op::sendmsg, fd, flags,
                             static_cast<const sockaddr*>(message->msg_name), message->msg_namelen,
                             first_of(message), make);
  }
  if (first_datagram(fd) && readable(message, sizeof(*message))) [[unlikely]] {
    const auto* to = static_cast<const sockaddr*>(message->msg_name);
    if (opens_datagram(fd, to)) {
      return datagram_through(wire::Op::sendmsg, fd, flags, to, message->msg_namelen, make);
    }
  }
  return send_through(wire::Op::sendmsg, fd, flags, first_of(message), make);
}

int hook_sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  const auto make = [=] { return real::sendmmsg(fd, messages, count, flags); };
  if (first_datagram(fd) && count != 0 && readable(messages, sizeof(*messages))) [[unlikely]] {
    const msghdr& first = messages->msg_hdr;
    const auto* to = static_cast<const sockaddr*>(first.msg_name);
    if (opens_datagram(fd, to)) {
      return datagram_through(wire::Op::sendmmsg, fd, flags, to, first.msg_namelen, make);
    }
  }
  return send_through(
      wire::Op::sendmmsg, fd, flags,
      [=] { return count == 0 ? -1 : transfer::first_byte_of(&messages->msg_hdr); }, make);
}

ssize_t hook_recv(int fd, void* bytes, size_t size, int flags) {
  return receive_through(wire::Op::recv, fd, flags, some(size),
                         [=] { return real::recv(fd, bytes, size, flags); });
}

ssize_t hook_recvfrom(int fd, void* bytes, size_t size, int flags, sockaddr* from,
                      socklen_t* length) {
  return receive_through(wire::Op::recvfrom, fd, flags, some(size),
                         [=] { return real::recvfrom(fd, bytes, size, flags, from, length); });
}

ssize_t hook_recvmsg(int fd, msghdr* message, int flags) {
  return receive_through(wire::Op::recvmsg, fd, flags, some(message),
                         [=] { return real::recvmsg(fd, message, flags); });
}

int hook_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  if (!fd_table::tracked(fd)) [[likely]] {
    return real::recvmmsg(fd, messages, count, flags, timeout);
  }
  // It counts messages. A stream at its end gives one, of no bytes.
  int received = 0;
  receive_through(
      wire::Op::recvmmsg, fd, flags,
      [=] {
        return count != 0 &&
               transfer::any_room(messages->msg_hdr.msg_iov, messages->msg_hdr.msg_iovlen);
      },
      [=, &received] {
        received = real::recvmmsg(fd, messages, count, flags, timeout);
        return received > 0 && messages->msg_len == 0 ? 0 : received;
      });
  return received;
}

ssize_t hook_read(int fd, void* bytes, size_t size) {
  if (!process::relocated()) [[unlikely]] {
    const long result = raw::call(SYS_read, fd, bytes, size);
    return raw::failed(result) ? -1 : result;
  }
  return receive_through(wire::Op::read, fd, 0, some(size),
                         [=] { return real::read(fd, bytes, size); });
}

ssize_t hook_readv(int fd, const iovec* parts, int count) {
  return receive_through(wire::Op::readv, fd, 0, some(parts, count),
                         [=] { return real::readv(fd, parts, count); });
}

ssize_t hook_write(int fd, const void* bytes, size_t size) {
  return send_through(wire::Op::write, fd, 0, first_of(bytes, size),
                      [=] { return real::write(fd, bytes, size); });
}

ssize_t hook_writev(int fd, const iovec* parts, int count) {
  return send_through(wire::Op::writev, fd, 0, first_of(parts, count),
                      [=] { return real::writev(fd, parts, count); });
}

ssize_t hook_sendfile(int to, int from, off_t* offset, size_t size) {
  return send_through(wire::Op::sendfile, to, 0, not_known,
                      [=] { return real::sendfile(to, from, offset, size); });
}

ssize_t hook_sendfile64(int to, int from, off_t* offset, size_t size) {
  return send_through(wire::Op::sendfile, to, 0, not_known,
                      [=] { return real::sendfile64(to, from, offset, size); });
}

// One of the two is a pipe; the other may be the socket, at either end.
ssize_t hook_splice(int from, loff_t* from_offset, int to, loff_t* to_offset, size_t size,
                    unsigned flags) {
  const auto make = [=] { return real::splice(from, from_offset, to, to_offset, size, flags); };
  return fd_table::tracked(from) ? receive_through(wire::Op::splice, from, 0, some(size), make)
                                 : send_through(wire::Op::splice, to, 0, not_known, make);
}
