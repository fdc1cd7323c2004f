// A number closed and opened again inside libc: what is written there is no send of the connection
// that had it.
#include <stdio.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  int pair[2];
  loopback_pair(pair);
  FILE* file = fdopen(pair[0], "r+");
  CHECK(file != NULL && freopen("/dev/null", "r+", file) != NULL);
  CHECK_EQUAL(fileno(file), pair[0]);
  RETURNS(write(pair[0], "hello", 5), 5);
  return check_status();
}
