// What a core file of the process would hold: the mappings of the library, which has its own place
// in memory, are not in it, also in a child of fork.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static const unsigned long kPlace = 0x5a0000000000, kPlaceEnd = 0x5b0000000000;

static void look(void) {
  FILE* maps = fopen("/proc/self/smaps", "re");
  if (!CHECK(maps != NULL)) return;
  char line[512];
  unsigned long begin = 0, end;
  while (fgets(line, sizeof line, maps) != NULL) {
    unsigned long from;
    if (sscanf(line, "%lx-%lx ", &from, &end) == 2) begin = from;
    if (strncmp(line, "VmFlags:", 8) != 0 || begin < kPlace || begin >= kPlaceEnd) continue;
    if (!CHECK(strstr(line, " dd") != NULL)) fprintf(stderr, "%lx: %s", begin, line);
  }
  fclose(maps);
}

int main(void) {
  if (check_in_valgrind()) check_skip("valgrind places mappings of its own there");
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  look();
  int child = fork();
  if (child == 0) {
    look();
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
    look();
    _exit(check_status());
  }
  CHECK_EQUAL(wait_for(child), 0);
  return check_status();
}
