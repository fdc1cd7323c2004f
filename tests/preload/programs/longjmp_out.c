// A signal handler that jumps out of connect, poll and recv, as wget does for its time-outs: the
// hook's frame is gone without having returned. Afterwards everything works, and is recorded, as
// before.
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static sigjmp_buf with_mask;
static jmp_buf plain;
static volatile int use_mask;

static void leave(int signal) {
  (void)signal;
  if (use_mask) siglongjmp(with_mask, 1);
  longjmp(plain, 1);
}

static struct sockaddr_in full, closed;
static int pair[2];

static void connect_for_ever(void) {
  int fd = loopback_socket(0);
  connect(fd, loopback_name(&full), sizeof full);
}
static void poll_for_ever(void) { poll(&(struct pollfd){.fd = pair[0], .events = POLLIN}, 1, -1); }
static void receive_for_ever(void) {
  char byte;
  recv(pair[0], &byte, 1, 0);
}

static void (*const calls[])(void) = {connect_for_ever, poll_for_ever, receive_for_ever};

// 1 when the handler ended the call, 0 when it returned.
static int jumped(void (*call)(void)) {
  struct itimerval timer = {.it_value = {0, 20000}};
  // Both buffers lie in this frame's caller's life: nothing below may be kept in a register across
  // the jump.
  if ((use_mask ? sigsetjmp(with_mask, 1) : setjmp(plain)) != 0) return 1;
  setitimer(ITIMER_REAL, &timer, NULL);
  call();
  return 0;
}

int main(void) {
  loopback_full(&full);
  loopback_refuse(&closed);
  loopback_pair(pair);
  // SA_NODEFER: after a plain longjmp the mask is still the handler's.
  struct sigaction action = {.sa_handler = leave, .sa_flags = SA_NODEFER};
  sigaction(SIGALRM, &action, NULL);
  for (int round = 0; round < 4; ++round) {
    use_mask = round % 2;
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; ++i) {
      CHECK_EQUAL(jumped(calls[i]), 1);
      CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
    }
  }
  char byte = 'x';
  RETURNS(send(pair[1], &byte, 1, 0), 1);
  RETURNS(recv(pair[0], &byte, 1, 0), 1);
  return check_status();
}
