// Threads that may be cancelled at any instruction, in the middle of our work too, while they
// connect. What they leave behind must not be in anybody's way.
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in closed;

static void* connect_always(void* argument) {
  (void)argument;
  int fd = loopback_socket(SOCK_CLOEXEC);
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  for (;;) connect(fd, loopback_name(&closed), sizeof closed);
  return NULL;
}

int main(void) {
  loopback_refuse(&closed);
  for (int i = 0; i < 200; ++i) {
    pthread_t thread = thread_start(connect_always, NULL);
    usleep((unsigned)(i * 37 % 900));
    CHECK_EQUAL(pthread_cancel(thread), 0);
    void* result = NULL;
    pthread_join(thread, &result);
    CHECK(result == PTHREAD_CANCELED);
  }
  for (int i = 0; i < 3; ++i) CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
