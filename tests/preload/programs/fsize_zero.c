// RLIMIT_FSIZE 0: whoever enlarges a file gets SIGXFSZ, and dies of it by default. Nothing of ours
// may cause one, in any of the three ways a program can stand to that signal.
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "support/check.h"
#include "support/loopback.h"

static volatile sig_atomic_t seen;
static void count_signal(int signal) {
  (void)signal;
  ++seen;
}

int main(int count, char** arguments) {
  const char* way = count > 1 ? arguments[1] : "default";
  sigset_t set, pending;
  sigemptyset(&set);
  sigaddset(&set, SIGXFSZ);
  if (strcmp(way, "handler") == 0) signal(SIGXFSZ, count_signal);
  if (strcmp(way, "blocked") == 0) sigprocmask(SIG_BLOCK, &set, NULL);
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0}), 0);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  CHECK_EQUAL(seen, 0);
  sigpending(&pending);
  CHECK_EQUAL(sigismember(&pending, SIGXFSZ), 0);
  return check_status();
}
