// Three execs of itself: one pid, four process images, each with a recording of its own. A
// connection passes through.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(int count, char** arguments) {
  struct sockaddr_in closed;
  int pair[2] = {100, 101};
  char byte = 0;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  if (count == 1) {
    int made[2];
    loopback_pair(made);
    RETURNS(dup2(made[0], pair[0]), pair[0]);
    RETURNS(dup2(made[1], pair[1]), pair[1]);
  } else {
    RETURNS(recv(pair[1], &byte, 1, 0), 1);
    CHECK_EQUAL(byte, 'e');
  }
  if (check_status() != 0 || count == 4) return check_status();
  RETURNS(send(pair[0], "e", 1, 0), 1);
  char* next[] = {arguments[0], "2", "3", "4", NULL};
  next[count + 1] = NULL;
  execv("/proc/self/exe", next);
  perror("execv");
  return 1;
}
