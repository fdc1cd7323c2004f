// A shared object that uses sockets on its own account: opened by a program, or preloaded beside
// us.
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

// Connects to a port of its own that refuses; ECONNREFUSED when all is well.
int module_connects(void);

int module_connects(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int closed = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), result = -1;
  if (bind(closed, (struct sockaddr*)&address, sizeof address) == 0 &&
      getsockname(closed, (struct sockaddr*)&address, &length) == 0) {
    result = connect(fd, (struct sockaddr*)&address, sizeof address) == 0 ? 0 : errno;
  }
  close(fd);
  close(closed);
  return result;
}
