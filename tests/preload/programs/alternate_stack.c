// Signal handlers on a stack of their own that connect, in a storm that hits the main work at every
// instruction sooner or later. The handlers' stack lies above the thread's in memory, so "who is
// deeper" cannot be told from addresses. Small stacks, too: what a hook needs has to fit.
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

// As many handlers as fit into one ring, which nobody drains: with a full one there would be
// nothing to disturb.
enum { kStack = 16 * 1024, kWanted = 150 };

static struct sockaddr_in closed;
static volatile sig_atomic_t handled, failed;
static volatile int done;
static char* stacks;  // the thread's below, the handlers' above

static void connect_in_handler(int signal) {
  (void)signal;
  int kept = errno;
  if (loopback_refused(&closed) != ECONNREFUSED) failed = 1;
  ++handled;
  errno = kept;
}

static void* work(void* argument) {
  (void)argument;
  stack_t alternate = {.ss_sp = stacks + kStack, .ss_size = kStack};
  CHECK_EQUAL(sigaltstack(&alternate, NULL), 0);
  // No number of rounds bounds this: whoever sends the signals may wait for a processor for
  // seconds.
  while (handled < kWanted) {
    int fd = loopback_socket(SOCK_CLOEXEC);
    if (connect(fd, loopback_name(&closed), sizeof closed) != -1 || errno != ECONNREFUSED)
      failed = 2;
    close(fd);
  }
  done = 1;
  alternate.ss_flags = SS_DISABLE;
  sigaltstack(&alternate, NULL);
  return NULL;
}

int main(void) {
  loopback_refuse(&closed);
  stacks = mmap(NULL, 2 * kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  sigaction(
      SIGUSR1,
      &(struct sigaction){.sa_handler = connect_in_handler, .sa_flags = SA_ONSTACK | SA_RESTART},
      NULL);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (pthread_attr_setstack(&attributes, stacks, kStack) != 0) abort();
  pthread_t thread;
  if (pthread_create(&thread, &attributes, work, NULL) != 0) abort();
  while (!done) {
    pthread_kill(thread, SIGUSR1);
    for (volatile int i = 0; i < 3000; ++i) {
    }
  }
  thread_join(thread);
  CHECK_EQUAL(failed, 0);
  CHECK(handled >= kWanted);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
