// The daemon's double fork: grandfather, father and grandchild connect, each under its own pid; a
// socket of the grandfather is used and closed in the grandchild.
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

int main(void) {
  struct sockaddr_in closed;
  int pair[2], pipes[2];
  loopback_refuse(&closed);
  loopback_pair(pair);
  if (pipe(pipes) != 0) return 1;
  pid_t child = fork();
  if (child == 0) {
    if (setsid() < 0) _exit(1);
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
    if (fork() != 0) _exit(check_status());
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
    RETURNS(send(pair[0], "g", 1, 0), 1);
    RETURNS(close(pair[0]), 0);
    char status = (char)check_status();
    _exit(write(pipes[1], &status, 1) == 1 ? 0 : 1);
  }
  char status = 1, byte = 0;
  CHECK_EQUAL(wait_for(child), 0);
  RETURNS(read(pipes[0], &status, 1), 1);
  CHECK_EQUAL(status, 0);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(send(pair[0], "p", 1, 0), 1);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
