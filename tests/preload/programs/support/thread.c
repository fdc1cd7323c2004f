#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

pthread_t thread_start(void* (*body)(void*), void* argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, argument) != 0) abort();
  return thread;
}

void thread_join(pthread_t thread) {
  if (pthread_join(thread, NULL) != 0) abort();
}

void sleep_ms(long milliseconds) {
  struct timespec rest = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
  }
}

int wait_for(int child) {
  int status = 0;
  while (waitpid(child, &status, 0) != child) {
    if (errno != EINTR) return -1;
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
