// To everybody who looks, the work of the Go compiler. What its parts in C do goes through the C
// library.
#include "support/check.h"
#include "support/loopback.h"

__asm__(
    ".pushsection .note.go.buildid,\"a\",%note\n"
    "  .balign 4\n"
    "  .long 4, 8, 4\n"
    "  .ascii \"Go\\0\\0\", \"buildid\\0\"\n"
    ".popsection\n");

int main(void) {
  struct sockaddr_in closed;
  CHECK(loopback_refuse(&closed) >= 0);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return check_status();
}
