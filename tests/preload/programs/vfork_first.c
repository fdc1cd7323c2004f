// Before this process ever touched a socket, a child of vfork gives up its rights and connects: it
// does so in our memory, which must not become its own. Then we connect.
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in closed;

// Has the socket that makes `closed` refuse, in the place of this process, until `end` is closed.
static pid_t refuse_elsewhere(int* end) {
  int address[2], life[2];
  if (pipe(address) != 0 || pipe(life) != 0) _exit(1);
  pid_t keeper = fork();
  if (keeper == 0) {
    char byte;
    close(life[1]);
    loopback_refuse(&closed);
    if (write(address[1], &closed, sizeof closed) != (ssize_t)sizeof closed) _exit(1);
    _exit(read(life[0], &byte, 1) == 0 ? 0 : 1);
  }
  CHECK_EQUAL(read(address[0], &closed, sizeof closed), (long)sizeof closed);
  *end = life[1];
  return keeper;
}

int main(void) {
  int end;
  pid_t keeper = refuse_elsewhere(&end);
  volatile int in_child = -1;
  pid_t child = vfork();
  if (child == 0) {
    if (setuid(65534) != 0) in_child = -2;  // only root may
    in_child = loopback_refused(&closed);
    _exit(0);
  }
  CHECK_EQUAL(wait_for(child), 0);
  CHECK_EQUAL(in_child, ECONNREFUSED);
  for (int i = 0; i < 3; ++i) CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  close(end);
  CHECK_EQUAL(wait_for(keeper), 0);
  return check_status();
}
