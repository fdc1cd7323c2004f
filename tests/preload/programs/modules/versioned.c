// A library with a function of libc's name under a version of its own: references to libc's pass it
// over.
#include <errno.h>
#include <sys/socket.h>

int connect(int fd, const struct sockaddr* address, socklen_t length) {
  (void)fd, (void)address, (void)length;
  errno = EHOSTDOWN;
  return -1;
}
