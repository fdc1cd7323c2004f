// Killed in the middle of everything, with four threads at work: what was published before is
// whole.
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in closed;
static atomic_int refused;

static void* connect_always(void* argument) {
  (void)argument;
  while (loopback_refused(&closed) == ECONNREFUSED) ++refused;
  return NULL;
}

int main(void) {
  loopback_refuse(&closed);
  for (int i = 0; i < 4; ++i) thread_start(connect_always, NULL);
  while (refused < 4) sleep_ms(1);  // under valgrind the first connect takes its time
  sleep_ms(20);
  kill(getpid(), SIGKILL);
  return 1;
}
