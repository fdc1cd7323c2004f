// A umask that takes every right away: files of the program's own get none, the recording stays
// readable for its user.
#include <sys/stat.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  umask(0777);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  CHECK_EQUAL(umask(0777), 0777);
  return check_status();
}
