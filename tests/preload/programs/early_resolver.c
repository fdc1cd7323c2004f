// A library of this program reads a file while it is being relocated (modules/chosen.c, for
// modules/choosing.c).
#include "support/check.h"
#include "support/loopback.h"

extern int (*chosen_by_pointer)(void);

int main(void) {
  struct sockaddr_in closed;
  CHECK_EQUAL(chosen_by_pointer(), 1);
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
