// Children made by the bare system calls: no atfork handler of any library runs in them.
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in closed;

static void in_child(void) {
  int status = loopback_refused(&closed) == ECONNREFUSED ? 0 : 1;
  _exit(status);
}

int main(void) {
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  for (int i = 0; i < 3; ++i) {
    long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) in_child();
    CHECK_EQUAL(wait_for((int)child), 0);
  }
  for (int i = 0; i < 3; ++i) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) in_child();
    CHECK_EQUAL(wait_for((int)child), 0);
  }
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
