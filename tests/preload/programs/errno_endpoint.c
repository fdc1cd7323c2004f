// errno after every call that makes, names or ends a socket: untouched on success, the kernel's on
// failure.
#include <sys/un.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int __connect(int fd, const struct sockaddr* address, socklen_t length);

int main(void) {
  struct sockaddr_in open_address, closed_address, own = {.sin_family = AF_INET};
  socklen_t length = sizeof own;
  int pair[2];

  FAILS(socket(AF_INET, 99, 0), EINVAL);
  FAILS(socket(12345, SOCK_STREAM, 0), EAFNOSUPPORT);
  close((int)SUCCEEDS(socket(AF_INET, SOCK_DGRAM, 0)));
  FAILS(socketpair(AF_INET, SOCK_STREAM, 0, pair), EOPNOTSUPP);
  RETURNS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  close(pair[0]);
  close(pair[1]);

  int fd = (int)SUCCEEDS(socket(AF_INET, SOCK_STREAM, 0));
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  RETURNS(bind(fd, loopback_name(&own), sizeof own), 0);
  FAILS(bind(fd, loopback_name(&own), sizeof own), EINVAL);
  FAILS(bind(-1, loopback_name(&own), sizeof own), EBADF);
  RETURNS(listen(fd, 1), 0);
  FAILS(listen(STDIN_FILENO, 1), ENOTSOCK);
  FAILS(listen(-1, 1), EBADF);
  FAILS(getpeername(fd, (struct sockaddr*)&own, &length), ENOTCONN);
  FAILS(accept(-1, NULL, NULL), EBADF);
  FAILS(accept4(fd, NULL, NULL, 0x40000000), EINVAL);
  close(fd);

  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  FAILS(connect(-1, loopback_name(&open_address), sizeof open_address), EBADF);
  FAILS(connect(STDIN_FILENO, loopback_name(&open_address), sizeof open_address), ENOTSOCK);
  FAILS(connect(100000, loopback_name(&open_address), sizeof open_address), EBADF);
  int client = loopback_socket(0);
  FAILS(shutdown(client, SHUT_RDWR), ENOTCONN);
  FAILS(connect(client, loopback_name(&closed_address), sizeof closed_address), ECONNREFUSED);
  RETURNS(connect(client, loopback_name(&open_address), sizeof open_address), 0);
  FAILS(connect(client, loopback_name(&open_address), sizeof open_address), EISCONN);
  RETURNS(getpeername(client, (struct sockaddr*)&own, &length), 0);
  CHECK_EQUAL(own.sin_port, open_address.sin_port);
  int server = (int)SUCCEEDS(accept(listener, NULL, NULL));
  RETURNS(shutdown(client, SHUT_WR), 0);
  FAILS(shutdown(client, 77), EINVAL);
  RETURNS(shutdown(server, SHUT_RDWR), 0);
  RETURNS(close(client), 0);
  RETURNS(close(server), 0);

  client = loopback_socket(0);
  RETURNS(__connect(client, loopback_name(&open_address), sizeof open_address), 0);
  FAILS(__connect(client, loopback_name(&open_address), sizeof open_address), EISCONN);
  length = sizeof own;
  server = (int)SUCCEEDS(accept4(listener, (struct sockaddr*)&own, &length, SOCK_NONBLOCK));
  CHECK_EQUAL(length, sizeof own);
  FAILS(accept4(server, NULL, NULL, 0), EINVAL);
  RETURNS(close(client), 0);
  RETURNS(close(server), 0);

  client = loopback_socket(SOCK_NONBLOCK);
  FAILS(connect(client, loopback_name(&open_address), sizeof open_address), EINPROGRESS);
  RETURNS(close(client), 0);

  // Not one of ours, but every program has them: a name service cache, a log daemon.
  struct sockaddr_un nowhere = {.sun_family = AF_UNIX, .sun_path = "/nonexistent/socket"};
  client = (int)SUCCEEDS(socket(AF_UNIX, SOCK_STREAM, 0));
  FAILS(connect(client, (struct sockaddr*)&nowhere, sizeof nowhere), ENOENT);
  RETURNS(close(client), 0);
  return check_status();
}
