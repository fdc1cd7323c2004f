// A program that holds secrets forbids others to look at it; /proc/self then belongs to root. It
// connects all the same.
#include <sys/prctl.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  struct sockaddr_in closed;
  RETURNS(prctl(PR_SET_DUMPABLE, 0), 0);
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  RETURNS(prctl(PR_GET_DUMPABLE), 0);
  return check_status();
}
