// A place in memory that was free once, and to which the program comes back after its first
// connection.
#include <stddef.h>
#include <sys/mman.h>

#include "support/check.h"
#include "support/loopback.h"

enum { kSize = 64 << 20, kConnects = 100 };

int main(void) {
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  char* hole = mmap(NULL, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  munmap(hole, kSize);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  const char* mine = mmap(hole, kSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  CHECK(mine == hole);
  for (int i = 0; i < kConnects; ++i) CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  size_t strange = 0;
  for (size_t i = 0; i < kSize; ++i) strange += mine[i] != 0;
  CHECK_EQUAL(strange, 0);
  return check_status();
}
