// For counting system calls from outside, between two calls of getsid: "idle" sleeps, "waits" and
// "transfers" do a thousand calls on an established connection, "pipes" on something that is no
// socket, "others" selects on such a one beside a connection that rests, by sets on the heap. None
// of these may cost system calls of ours, but for a handful when a descriptor is first seen.
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

enum { kTimes = 1000 };

static int connected[2], pipes[2];

static void idle(void) { RETURNS(poll(NULL, 0, 300), 0); }

static void waits(void) {
  for (int i = 0; i < kTimes; ++i) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(connected[0], &set);
    RETURNS(poll(&(struct pollfd){.fd = connected[0], .events = POLLOUT}, 1, 1000), 1);
    RETURNS(select(connected[0] + 1, NULL, &set, NULL, NULL), 1);
  }
}

static void transfers(void) {
  char byte = 't';
  for (int i = 0; i < kTimes; ++i) {
    RETURNS(send(connected[0], &byte, 1, 0), 1);
    RETURNS(recv(connected[1], &byte, 1, 0), 1);
  }
}

static void through_pipes(void) {
  char byte = 'p';
  for (int i = 0; i < kTimes; ++i) {
    RETURNS(write(pipes[1], &byte, 1), 1);
    RETURNS(read(pipes[0], &byte, 1), 1);
  }
}

static void others(void) {
  fd_set* set = malloc(2 * sizeof(fd_set));
  for (int i = 0; i < kTimes; ++i) {
    FD_ZERO(set);
    FD_SET(pipes[1], set);
    RETURNS(select(pipes[1] + 1, NULL, set, NULL, NULL), 1);
  }
  free(set);
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "idle";
  loopback_pair(connected);
  char byte = 'w';  // a first exchange, so that both ends are known
  RETURNS(send(connected[0], &byte, 1, 0), 1);
  RETURNS(recv(connected[1], &byte, 1, 0), 1);
  RETURNS(send(connected[1], &byte, 1, 0), 1);
  RETURNS(recv(connected[0], &byte, 1, 0), 1);
  RETURNS(pipe(pipes), 0);
  getsid(0);
  if (strcmp(what, "waits") == 0) {
    waits();
  } else if (strcmp(what, "transfers") == 0) {
    transfers();
  } else if (strcmp(what, "pipes") == 0) {
    through_pipes();
  } else if (strcmp(what, "others") == 0) {
    others();
  } else {
    idle();
  }
  getsid(0);
  return check_status();
}
