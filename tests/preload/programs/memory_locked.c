// mlockall(MCL_FUTURE) under a small RLIMIT_MEMLOCK: from here on a mapping that is too large is
// refused, and what is mapped is pinned at once. Neither may reach the program.
#include <linux/capability.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static void drop_capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}, {0}};
  CHECK_EQUAL(syscall(SYS_capset, &header, none), 0);
}

static long locked_kib(void) {
  char line[128];
  long kib = -1;
  FILE* status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (sscanf(line, "VmLck: %ld", &kib) == 1) break;
  }
  if (status != NULL) fclose(status);
  return kib;
}

int main(void) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  drop_capabilities();  // root is not bound by the limit
  struct rlimit limit;
  getrlimit(RLIMIT_MEMLOCK, &limit);
  if (limit.rlim_max > 16 << 20) limit.rlim_max = 16 << 20;
  limit.rlim_cur = limit.rlim_max;
  CHECK_EQUAL(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) check_skip("mlockall is not permitted");
  long before = locked_kib();
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
  CHECK(locked_kib() - before < 4096);
  void* own = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(own != MAP_FAILED);
  return check_status();
}
