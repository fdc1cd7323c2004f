// A handler that jumps away at any instruction, also in the middle of a hook's own work. Half-done
// things are left behind each time; what comes afterwards is recorded again, in order.
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

// Few enough for one ring, which nobody drains.
enum { kJumps = 150, kConnectsBetween = 3 };

static struct sockaddr_in closed;
static sigjmp_buf out;
static volatile sig_atomic_t jumps;

static void leave(int signal) {
  (void)signal;
  ++jumps;
  siglongjmp(out, 1);
}

int main(int count, char** arguments) {
  loopback_refuse(&closed);
  // "warm": the recording exists when the storm begins; "cold": the storm hits its creation, too.
  if (count > 1 && strcmp(arguments[1], "warm") == 0)
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  struct sigaction action = {.sa_handler = leave};
  sigaction(SIGALRM, &action, NULL);
  // One socket, so that nothing leaks where a jump skips a close.
  int fd = loopback_socket(0);
  sigsetjmp(out, 1);
  while (jumps < kJumps) {
    // A different moment each time: the period is no multiple of what the calls take.
    struct itimerval timer = {.it_value = {0, 5 + jumps * 7 % 60}};
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < kConnectsBetween; ++i) connect(fd, loopback_name(&closed), sizeof closed);
    pause();
  }
  setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
  RETURNS(close(fd), 0);
  // Nothing was left open by whoever was interrupted.
  CHECK_EQUAL(loopback_socket(0), fd);
  CHECK_EQUAL(loopback_socket(0), fd + 1);
  // A port of its own, to be told from the storm: what is in the recording of it came after.
  struct sockaddr_in after;
  int listener = loopback_listen(&after, 16);
  for (int i = 0; i < 5; ++i) CHECK_EQUAL(loopback_exchange(&after, listener), 0);
  return check_status();
}
