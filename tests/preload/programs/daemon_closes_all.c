// Daemons close every descriptor they did not open, in three ways; then they go on working. Nothing
// of ours may be among what they close, nothing they close may be taken for alive.
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static void work(void) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
  loopback_connect(&open_address);  // left open for the next sweep
}

int main(int count, char** arguments) {
  const char* way = count > 1 ? arguments[1] : "loop";
  work();
  if (strcmp(way, "loop") == 0) {
    for (int fd = 3; fd < 65536; ++fd) close(fd);
  } else if (strcmp(way, "close_range") == 0) {
    RETURNS(close_range(3, ~0U, 0), 0);
  } else {
    errno = kMarker;
    closefrom(3);
    CHECK_EQUAL(errno, kMarker);
  }
  CHECK_EQUAL(loopback_socket(0), 3);
  work();
  return check_status();
}
