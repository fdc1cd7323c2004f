// Sockets before main, in a library it is linked with (and in one preloaded beside us), and after
// main: in an exit handler and in those libraries' destructors.
#include <stdlib.h>

#include "support/check.h"
#include "support/loopback.h"

int early_present(void);

static struct sockaddr_in closed;
static void at_exit(void) {
  if (loopback_refused(&closed) != ECONNREFUSED) _Exit(98);
}

int main(void) {
  CHECK_EQUAL(early_present(), 1);
  loopback_refuse(&closed);
  atexit(at_exit);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
