// AF_UNSPEC dissolves a connection and the socket is used again: one descriptor, one cookie,
// several attempts.
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  struct sockaddr_in open_address, closed_address, own;
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  int fd = loopback_socket(0);
  FAILS(connect(fd, loopback_name(&closed_address), sizeof closed_address), ECONNREFUSED);
  for (int i = 0; i < 2; ++i) {
    RETURNS(connect(fd, loopback_name(&open_address), sizeof open_address), 0);
    RETURNS(send(fd, "x", 1, 0), 1);
    int server = (int)SUCCEEDS(accept(listener, NULL, NULL));
    RETURNS(connect(fd, &nobody, sizeof nobody), 0);
    FAILS(getpeername(fd, (struct sockaddr*)&own, &(socklen_t){sizeof own}), ENOTCONN);
    RETURNS(close(server), 0);
  }
  FAILS(connect(fd, loopback_name(&closed_address), sizeof closed_address), ECONNREFUSED);
  RETURNS(close(fd), 0);

  int datagram = (int)SUCCEEDS(socket(AF_INET, SOCK_DGRAM, 0));
  RETURNS(connect(datagram, loopback_name(&closed_address), sizeof closed_address), 0);
  RETURNS(connect(datagram, loopback_name(&open_address), sizeof open_address), 0);
  RETURNS(connect(datagram, &nobody, sizeof nobody), 0);
  FAILS(send(datagram, "x", 1, 0), EDESTADDRREQ);
  RETURNS(close(datagram), 0);
  return check_status();
}
