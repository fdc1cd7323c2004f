// The least an interposer can be: the same functions, each of which calls the one behind it. What
// it costs, nobody who interposes can save.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define PASS(result, name, parameters, arguments) \
  static result(*real_##name) parameters;         \
  __attribute__((visibility("default"))) result name parameters { return real_##name arguments; }

PASS(ssize_t, read, (int fd, void* to, size_t size), (fd, to, size))
PASS(ssize_t, write, (int fd, const void* from, size_t size), (fd, from, size))
PASS(int, close, (int fd), (fd))
PASS(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))
PASS(int, select, (int count, fd_set* r, fd_set* w, fd_set* e, struct timeval* t),
     (count, r, w, e, t))
PASS(int, epoll_wait, (int epoll, struct epoll_event* events, int count, int timeout),
     (epoll, events, count, timeout))
PASS(int, socket, (int family, int type, int protocol), (family, type, protocol))
PASS(int, connect, (int fd, const struct sockaddr* to, socklen_t length), (fd, to, length))
PASS(int, getsockopt, (int fd, int level, int name, void* to, socklen_t* length),
     (fd, level, name, to, length))
PASS(ssize_t, send, (int fd, const void* from, size_t size, int flags), (fd, from, size, flags))
PASS(ssize_t, recv, (int fd, void* to, size_t size, int flags), (fd, to, size, flags))

__attribute__((constructor)) static void find_real(void) {
#define FIND(name) *(void**)&real_##name = dlsym(RTLD_NEXT, #name)
  FIND(read);
  FIND(write);
  FIND(close);
  FIND(poll);
  FIND(select);
  FIND(epoll_wait);
  FIND(socket);
  FIND(connect);
  FIND(getsockopt);
  FIND(send);
  FIND(recv);
}
