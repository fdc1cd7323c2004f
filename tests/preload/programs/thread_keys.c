// Keys of thread-specific data: one that nobody made (a library whose set-up did not run has 0) is
// without a value, and those that are made get the numbers they get without us.
#include <pthread.h>
#include <stdio.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kKeys = 31 };

static struct sockaddr_in closed;
static pthread_key_t never_made;

static void* work(void* argument) {
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  CHECK(pthread_getspecific(never_made) == NULL);
  return argument;
}

int main(void) {
  loopback_refuse(&closed);
  work(NULL);
  thread_join(thread_start(work, NULL));
  for (int i = 0; i < kKeys; ++i) {
    pthread_key_t key;
    CHECK_EQUAL(pthread_key_create(&key, NULL), 0);
    CHECK(pthread_getspecific(key) == NULL);
    printf("%u ", key);
  }
  printf("\n");
  thread_join(thread_start(work, NULL));
  return check_status();
}
