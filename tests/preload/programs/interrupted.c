// A signal without SA_RESTART during each blocking call: EINTR, for the program as for us. The
// connect goes on in the kernel, so what follows it says EALREADY.
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

#include "support/blocking.h"
#include "support/check.h"
#include "support/loopback.h"

static void ignore(int signal) { (void)signal; }

static void alarm_in_ms(long milliseconds) {
  struct itimerval timer = {.it_value = {0, milliseconds * 1000}};
  setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void) {
  blocking_prepare();
  struct sigaction action = {.sa_handler = ignore};
  sigaction(SIGALRM, &action, NULL);
  for (int i = 0; i < blocking_call_count; ++i) {
    alarm_in_ms(20);
    errno = kMarker;
    long result = blocking_calls[i].call();
    if (!CHECK_EQUAL(errno, EINTR) || !CHECK_EQUAL(result, -1)) {
      fprintf(stderr, "in %s\n", blocking_calls[i].name);
    }
  }
  struct sockaddr_in full;
  loopback_full(&full);
  int fd = loopback_socket(0);
  alarm_in_ms(20);
  FAILS(connect(fd, loopback_name(&full), sizeof full), EINTR);
  alarm_in_ms(0);
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
