// close_range with CLOSE_RANGE_CLOEXEC closes nothing: the connection goes on.
#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  int pair[2];
  char byte;
  loopback_pair(pair);
  RETURNS(fcntl(pair[0], F_SETFD, 0), 0);
  RETURNS(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), 0);
  RETURNS(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
  RETURNS(send(pair[0], "x", 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(send(pair[1], "y", 1, 0), 1);
  RETURNS(recv(pair[0], &byte, 1, 0), 1);
  RETURNS(close(pair[0]), 0);
  return check_status();
}
