// An ordinary client: connects, is answered, is refused, from two threads. What surrounds it is
// what is tried: the run directory, other libraries in LD_PRELOAD, a static or set-user-id file, a
// sanitizer.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in open_address, closed_address;
static int listener;

static void* work(void* argument) {
  (void)argument;
  for (int i = 0; i < 10; ++i) {
    char* memory = malloc(1000 + (size_t)i);  // whoever provides malloc is in use
    CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
    CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
    free(memory);
  }
  return NULL;
}

int main(void) {
  listener = loopback_listen(&open_address, 16);
  loopback_refuse(&closed_address);
  pthread_t thread = thread_start(work, NULL);
  work(NULL);
  thread_join(thread);
  printf("effective user %d\n", (int)geteuid());
  return check_status();
}
