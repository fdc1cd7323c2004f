// As many threads as it is told make the first connects of the process, all at once. For counting
// system calls from outside, between two calls of getsid.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kMost = 200 };

static struct sockaddr_in closed;
static pthread_barrier_t all;

static void* work(void* argument) {
  const int fd = loopback_socket(0);
  pthread_barrier_wait(&all);
  FAILS(connect(fd, loopback_name(&closed), sizeof closed), ECONNREFUSED);
  pthread_barrier_wait(&all);
  close(fd);
  return argument;
}

int main(int count, char** arguments) {
  const int threads = count > 1 ? atoi(arguments[1]) : 0;
  if (threads <= 0 || threads > kMost) return 2;
  loopback_refuse(&closed);
  pthread_t made[kMost];
  pthread_barrier_init(&all, NULL, (unsigned)threads + 1);
  for (int i = 0; i < threads; ++i) made[i] = thread_start(work, NULL);
  getsid(0);
  pthread_barrier_wait(&all);
  pthread_barrier_wait(&all);
  getsid(0);
  for (int i = 0; i < threads; ++i) thread_join(made[i]);
  return check_status();
}
