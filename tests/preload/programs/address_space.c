// Hardly any address space left before the first connect, or as much as the program still needs:
// the recording may be impossible, the program is not. MiB left, and of them needed later.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "support/check.h"
#include "support/loopback.h"

int main(int count, char** arguments) {
  const size_t mib = 1024 * 1024, left = count > 1 ? (size_t)atoi(arguments[1]) * mib : mib;
  const size_t needed = count > 2 ? (size_t)atoi(arguments[2]) * mib : 400 * 1024;
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  unsigned long pages = 0;
  FILE* statm = fopen("/proc/self/statm", "r");
  if (statm == NULL || fscanf(statm, "%lu", &pages) != 1) return 1;
  fclose(statm);
  rlim_t room = (rlim_t)pages * 4096 + left;
  CHECK_EQUAL(setrlimit(RLIMIT_AS, &(struct rlimit){room, room}), 0);
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
  void* still = malloc(needed);
  CHECK(still != NULL);
  free(still);
  return check_status();
}
