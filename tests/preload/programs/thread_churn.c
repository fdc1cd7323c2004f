// A thousand short threads, at most twenty at once: their rings are given back and used again. With
// "many", two hundred at once, more than there are rings: some are not recorded, and counted.
#include <string.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in closed;
static pthread_barrier_t all_here;

static void* once(void* argument) {
  (void)argument;
  return loopback_refused(&closed) == ECONNREFUSED ? NULL : &closed;
}

static void* together(void* argument) {
  void* result = once(argument);
  pthread_barrier_wait(&all_here);  // nobody leaves before everybody has connected
  return result;
}

static void join_good(pthread_t thread) {
  void* result = NULL;
  pthread_join(thread, &result);
  CHECK(result == NULL);
}

static void churn(int total, int at_once) {
  pthread_t threads[20];
  for (int i = 0; i < total; ++i) {
    if (i >= at_once) join_good(threads[i % at_once]);
    threads[i % at_once] = thread_start(once, NULL);
  }
  for (int i = 0; i < at_once; ++i) join_good(threads[i]);
}

static void crowd(int count) {
  pthread_t threads[200];
  pthread_barrier_init(&all_here, NULL, (unsigned)count);
  for (int i = 0; i < count; ++i) threads[i] = thread_start(together, NULL);
  for (int i = 0; i < count; ++i) join_good(threads[i]);
}

int main(int count, char** arguments) {
  loopback_refuse(&closed);
  if (count > 1 && strcmp(arguments[1], "many") == 0) {
    crowd(200);
  } else {
    churn(1000, 20);
  }
  CHECK(once(NULL) == NULL);
  return check_status();
}
