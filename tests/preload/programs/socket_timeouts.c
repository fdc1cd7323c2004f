// Time-outs kept by the socket itself: SO_SNDTIMEO ends a blocking connect with EINPROGRESS,
// SO_RCVTIMEO a receive with EAGAIN, and again SO_SNDTIMEO a send to somebody who does not read.
#include <sys/time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  struct sockaddr_in full;
  struct timeval limit = {0, 60000};
  int pair[2];
  char byte;
  loopback_full(&full);
  int fd = loopback_socket(0);
  RETURNS(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
  FAILS(connect(fd, loopback_name(&full), sizeof full), EINPROGRESS);
  FAILS(connect(fd, loopback_name(&full), sizeof full), EALREADY);
  RETURNS(close(fd), 0);
  loopback_pair(pair);
  RETURNS(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  RETURNS(send(pair[0], "?", 1, 0), 1);
  FAILS(recv(pair[0], &byte, 1, 0), EAGAIN);
  FAILS(read(pair[0], &byte, 1), EAGAIN);
  RETURNS(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
  static const char block[65536];
  while (send(pair[0], block, sizeof block, 0) > 0) continue;  // both buffers grow for a while
  CHECK_EQUAL(errno, EAGAIN);
  while (send(pair[0], block, sizeof block, MSG_DONTWAIT) > 0) continue;
  CHECK_EQUAL(errno, EAGAIN);  // did not wait: not told
  RETURNS(close(pair[0]), 0);
  return check_status();
}
