// Connections kept for later, as pools do: used again at once and after a pause, after the other
// side had closed, after it had reset.
#include <poll.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static char byte;

static void turn(const int pair[2]) {
  RETURNS(send(pair[0], "q", 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(send(pair[1], "a", 1, 0), 1);
  RETURNS(recv(pair[0], &byte, 1, 0), 1);
}

static void pause_for_long(void) { usleep(1200 * 1000); }

// The answer to bytes for a socket that is gone; the next send is the one that fails.
static void wait_for_reset(int fd) {
  struct pollfd one = {.fd = fd};
  CHECK_EQUAL(poll(&one, 1, 5000), 1);
}

// Closed without a goodbye.
static void reset(int fd) {
  const struct linger at_once = {.l_onoff = 1};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  RETURNS(close(fd), 0);
}

int main(void) {
  int kept[2], closed[2], broken[2], unused[2];
  loopback_pair(kept);
  loopback_pair(closed);
  loopback_pair(broken);
  loopback_pair(unused);
  turn(kept);
  turn(kept);
  turn(closed);
  turn(broken);
  RETURNS(close(closed[1]), 0);
  RETURNS(close(unused[1]), 0);
  reset(broken[1]);
  pause_for_long();
  turn(kept);
  RETURNS(send(closed[0], "q", 1, 0), 1);  // nobody is there to take it
  wait_for_reset(closed[0]);
  FAILS(send(closed[0], "q", 1, MSG_NOSIGNAL), EPIPE);
  RETURNS(send(unused[0], "q", 1, 0), 1);  // its first byte ever
  FAILS(send(broken[0], "q", 1, MSG_NOSIGNAL), ECONNRESET);
  return check_status();
}
