// The names a program built with _FORTIFY_SOURCE calls instead. The real ones check the size and
// abort the program if it is exceeded; that stays so.
#include "shim/hooks/hook.h"
#include "shim/hooks/poll.h"
#include "shim/real.h"
#include "shim/transfer.h"

using namespace sockwatch;
using namespace sockwatch::shim;

extern "C" {
int hook_poll_chk(pollfd* fds, nfds_t count, int timeout, size_t size)
    SOCKWATCH_EXPORT("__poll_chk");
int hook_ppoll_chk(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask,
                   size_t size) SOCKWATCH_EXPORT("__ppoll_chk");
ssize_t hook_read_chk(int fd, void* bytes, size_t count, size_t size)
    SOCKWATCH_EXPORT("__read_chk");
ssize_t hook_recv_chk(int fd, void* bytes, size_t count, size_t size, int flags)
    SOCKWATCH_EXPORT("__recv_chk");
ssize_t hook_recvfrom_chk(int fd, void* bytes, size_t count, size_t size, int flags, sockaddr* from,
                          socklen_t* length) SOCKWATCH_EXPORT("__recvfrom_chk");
}

int hook_poll_chk(pollfd* fds, nfds_t count, int timeout, size_t size) {
  return poll_through(wire::Op::poll, real::poll_chk, fds, count, timeout, size);
}

int hook_ppoll_chk(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask,
                   size_t size) {
  return poll_through(wire::Op::ppoll, real::ppoll_chk, fds, count, timeout, mask, size);
}

ssize_t hook_read_chk(int fd, void* bytes, size_t count, size_t size) {
  return transfer::receive_through(
      wire::Op::read, fd, 0, [count] { return count != 0; },
      [=] { return real::read_chk(fd, bytes, count, size); });
}

ssize_t hook_recv_chk(int fd, void* bytes, size_t count, size_t size, int flags) {
  return transfer::receive_through(
      wire::Op::recv, fd, flags, [count] { return count != 0; },
      [=] { return real::recv_chk(fd, bytes, count, size, flags); });
}

ssize_t hook_recvfrom_chk(int fd, void* bytes, size_t count, size_t size, int flags, sockaddr* from,
                          socklen_t* length) {
  return transfer::receive_through(
      wire::Op::recvfrom, fd, flags, [count] { return count != 0; },
      [=] { return real::recvfrom_chk(fd, bytes, count, size, flags, from, length); });
}
