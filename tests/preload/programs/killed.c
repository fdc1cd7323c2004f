// Killed in the middle of everything, with four threads at work: what was published before is
// whole.
#include <signal.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in closed;

static void* connect_always(void* argument) {
  (void)argument;
  while (loopback_refused(&closed) == ECONNREFUSED) {
  }
  return NULL;
}

int main(void) {
  loopback_refuse(&closed);
  for (int i = 0; i < 4; ++i) thread_start(connect_always, NULL);
  sleep_ms(20);
  kill(getpid(), SIGKILL);
  return 1;
}
