// A server that starts as root and becomes nobody, before its first connect or after it, or whose
// worker does: what it may write to has changed under our feet, also for its children.
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

int main(int count, char** arguments) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  if (geteuid() != 0) check_skip("only root has privileges to drop");
  if (count > 1 && strcmp(arguments[1], "after") == 0) {
    CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  }
  if (count > 1 && strcmp(arguments[1], "worker") == 0) {
    pid_t worker = fork();
    if (worker != 0) {
      CHECK_EQUAL(wait_for(worker), 0);
      CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
      return check_status();
    }
  }
  CHECK_EQUAL(setgroups(0, NULL), 0);
  CHECK_EQUAL(setgid(65534), 0);
  CHECK_EQUAL(setuid(65534), 0);
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
  pid_t child = fork();
  if (child == 0) _exit(loopback_refused(&closed_address) == ECONNREFUSED ? 0 : 1);
  CHECK_EQUAL(wait_for(child), 0);
  return check_status();
}
