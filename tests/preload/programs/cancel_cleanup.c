// pthread_cancel in each blocking call, with a handler of pthread_cleanup_push above it that must
// run.
#include <stdio.h>

#include "support/blocking.h"
#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static int cleaned;

static void clean(void* argument) {
  (void)argument;
  cleaned = 1;
}

static void* block(void* argument) {
  const struct BlockingCall* blocking = argument;
  pthread_cleanup_push(clean, NULL);
  blocking->call();
  pthread_cleanup_pop(0);
  return NULL;
}

int main(void) {
  blocking_prepare();
  for (int i = 0; i < blocking_call_count; ++i) {
    if (blocking_calls[i].uncancellable) continue;
    void* result = NULL;
    cleaned = 0;
    pthread_t thread = thread_start(block, (void*)&blocking_calls[i]);
    sleep_ms(20);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (!CHECK(result == PTHREAD_CANCELED) || !CHECK(cleaned == 1)) {
      fprintf(stderr, "in %s\n", blocking_calls[i].name);
    }
  }
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
