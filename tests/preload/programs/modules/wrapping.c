// Another library of our kind in LD_PRELOAD: it wraps connect and close and calls the next ones.
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

typedef int Connect(int fd, const struct sockaddr* address, socklen_t length);
typedef int Close(int fd);

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  static Connect* next;
  if (next == NULL) next = (Connect*)dlsym(RTLD_NEXT, "connect");
  if (next == NULL) abort();
  return next(fd, address, length);
}

int close(int fd) {
  static Close* next;
  if (next == NULL) next = (Close*)dlsym(RTLD_NEXT, "close");
  if (next == NULL) abort();
  return next(fd);
}
