// A number is replaced while its connection lives: dup2, dup3 and F_DUPFD_CLOEXEC; the JVM closes
// this way.
#include <fcntl.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static void over(int (*replace)(int from, int to)) {
  struct sockaddr_in closed;
  int pair[2], other[2];
  char byte;
  loopback_refuse(&closed);
  loopback_pair(pair);
  loopback_pair(other);
  RETURNS(send(pair[0], "1", 1, 0), 1);
  RETURNS(replace(other[0], pair[0]), pair[0]);  // the first connection ends here
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 0);
  RETURNS(send(pair[0], "2", 1, 0), 1);
  RETURNS(close(other[0]), 0);  // the second lives on under the first's number
  RETURNS(send(pair[0], "3", 1, 0), 1);
  RETURNS(recv(other[1], &byte, 1, 0), 1);
  RETURNS(recv(other[1], &byte, 1, 0), 1);
  CHECK_EQUAL(byte, '3');
  RETURNS(close(pair[0]), 0);
  RETURNS(recv(other[1], &byte, 1, 0), 0);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
}

static int by_dup2(int from, int to) { return dup2(from, to); }
static int by_dup3(int from, int to) { return dup3(from, to, O_CLOEXEC); }
static int by_fcntl(int from, int to) {
  close(to);
  return fcntl(from, F_DUPFD_CLOEXEC, to);
}

int main(void) {
  over(by_dup2);
  over(by_dup3);
  over(by_fcntl);
  // While it still connects, too.
  struct sockaddr_in full;
  loopback_full(&full);
  int pending = loopback_socket(SOCK_NONBLOCK), null = open("/dev/null", O_RDWR);
  FAILS(connect(pending, loopback_name(&full), sizeof full), EINPROGRESS);
  RETURNS(dup2(null, pending), pending);
  RETURNS(write(pending, "x", 1), 1);
  return check_status();
}
