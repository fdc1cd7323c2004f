// 100 forks, or as many as the first argument says, while four threads connect. Each child is its
// own process with its own recording; the parent's goes on.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kThreads = 4 };

static struct sockaddr_in closed;
static volatile int stop, thread_failed;

static void* connect_always(void* argument) {
  (void)argument;
  while (!stop) {
    if (loopback_refused(&closed) != ECONNREFUSED) thread_failed = 1;
    usleep(200);
  }
  return NULL;
}

int main(int count, char** arguments) {
  int forks = count > 1 ? atoi(arguments[1]) : 100;
  loopback_refuse(&closed);
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) threads[i] = thread_start(connect_always, NULL);
  for (int i = 0; i < forks; ++i) {
    pid_t child = fork();
    if (child == 0) {
      alarm(10);
      _exit(loopback_refused(&closed) == ECONNREFUSED ? 0 : 1);
    }
    CHECK_EQUAL(wait_for(child), 0);
  }
  stop = 1;
  for (int i = 0; i < kThreads; ++i) thread_join(threads[i]);
  CHECK_EQUAL(thread_failed, 0);
  return check_status();
}
