// vfork: until its exec the child runs in its parent's memory. What it does to its descriptors must
// not be booked on the parent, whose connection stays what it was.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

int main(int count, char** arguments) {
  struct sockaddr_in closed;
  int pair[2];
  char byte = 0;
  loopback_refuse(&closed);
  if (count > 1) {  // after the exec: 0 is the connection
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
    RETURNS(send(STDIN_FILENO, "c", 1, 0), 1);
    return check_status();
  }
  loopback_pair(pair);
  char* child_arguments[] = {arguments[0], "child", NULL};
  pid_t child = vfork();
  if (child == 0) {
    dup2(pair[0], STDIN_FILENO);
    close(pair[0]);
    close(pair[1]);
    execv("/proc/self/exe", child_arguments);
    _exit(127);
  }
  CHECK_EQUAL(wait_for(child), 0);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(send(pair[0], "p", 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  CHECK_EQUAL(byte, 'p');
  RETURNS(close(pair[0]), 0);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
