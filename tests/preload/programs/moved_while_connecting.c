// A connect is begun under one number and goes on under another, the first being closed: some event
// loops move descriptors out of select's reach. The close is no end of the connection.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static void moved(const struct sockaddr_in* address, int number, int want) {
  int fd = loopback_socket(SOCK_NONBLOCK), error = -1;
  FAILS(connect(fd, loopback_name(address), sizeof *address), EINPROGRESS);
  RETURNS(fcntl(fd, F_DUPFD_CLOEXEC, number), number);
  RETURNS(close(fd), 0);
  RETURNS(poll(&(struct pollfd){.fd = number, .events = POLLOUT}, 1, 1000), 1);
  RETURNS(getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error}), 0);
  CHECK_EQUAL(error, want);
  RETURNS(close(number), 0);
}

int main(void) {
  struct sockaddr_in open_address, closed_address;
  loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  moved(&open_address, 40, 0);
  moved(&closed_address, 41, ECONNREFUSED);
  return check_status();
}
