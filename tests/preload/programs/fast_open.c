// TCP Fast Open: the first send makes the connection (MSG_FASTOPEN), or connect returns at once and
// the handshake waits for the first send (TCP_FASTOPEN_CONNECT). Without a cookie from an earlier
// visit both fall back to a normal handshake.
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static void answered(int fd, int listener) {
  char byte = 0;
  int server = (int)SUCCEEDS(accept(listener, NULL, NULL));
  RETURNS(recv(server, &byte, 1, 0), 1);
  CHECK_EQUAL(byte, 'f');
  RETURNS(send(server, "g", 1, 0), 1);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  RETURNS(poll(&wait, 1, 1000), 1);
  RETURNS(recv(fd, &byte, 1, 0), 1);
  RETURNS(close(server), 0);
  RETURNS(close(fd), 0);
}

int main(void) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &(int){5}, sizeof(int));
  for (int i = 0; i < 2; ++i) {  // the second time with a cookie, where the kernel gives any
    int fd = loopback_socket(0);
    RETURNS(sendto(fd, "f", 1, MSG_FASTOPEN, loopback_name(&open_address), sizeof open_address), 1);
    answered(fd, listener);
  }
  int fd = loopback_socket(0);
  FAILS(sendto(fd, "f", 1, MSG_FASTOPEN, loopback_name(&closed_address), sizeof closed_address),
        ECONNREFUSED);
  RETURNS(close(fd), 0);

  fd = loopback_socket(0);
  if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &(int){1}, sizeof(int)) == 0) {
    RETURNS(connect(fd, loopback_name(&open_address), sizeof open_address), 0);
    RETURNS(send(fd, "f", 1, 0), 1);
    answered(fd, listener);
  }
  return check_status();
}
