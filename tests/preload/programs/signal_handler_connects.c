// A timer at a high rate whose handler connects and sends, while the main thread is somewhere in a
// hook: the two never mix, neither in the program's own sight (errno, bytes) nor in the recording.
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static struct sockaddr_in closed;
static int pair[2];
static volatile sig_atomic_t handled, handler_failed;

static void act(int signal) {
  (void)signal;
  int kept = errno;
  char byte = 'h';
  if (loopback_refused(&closed) != ECONNREFUSED) handler_failed = errno + 1;
  if (send(pair[1], &byte, 1, MSG_NOSIGNAL) != 1) handler_failed = errno + 1;
  ++handled;
  errno = kept;
}

static long elapsed_ms(const struct timespec* start) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

int main(void) {
  loopback_refuse(&closed);
  loopback_pair(pair);
  struct sigaction action = {.sa_handler = act, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval timer = {{0, 500}, {0, 500}};
  setitimer(ITIMER_REAL, &timer, NULL);

  struct timespec start;
  clock_gettime(CLOCK_MONOTONIC, &start);
  long received = 0;
  while (elapsed_ms(&start) < 300) {
    char bytes[64];
    struct pollfd wait = {.fd = pair[0], .events = POLLIN};
    int ready = poll(&wait, 1, 1);
    CHECK(ready >= 0 || errno == EINTR);
    long got = recv(pair[0], bytes, sizeof bytes, MSG_DONTWAIT);
    CHECK(got > 0 || errno == EAGAIN);
    if (got > 0) received += got;
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  }
  timer = (struct itimerval){0};
  setitimer(ITIMER_REAL, &timer, NULL);
  char bytes[4096];
  long got;
  while ((got = recv(pair[0], bytes, sizeof bytes, MSG_DONTWAIT)) > 0) received += got;
  CHECK_EQUAL(handler_failed, 0);
  CHECK_EQUAL(received, handled);
  CHECK(handled > 50);
  return check_status();
}
