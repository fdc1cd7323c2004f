// A program that has system calls turned into signals (prctl PR_SET_SYSCALL_USER_DISPATCH), but for
// those made in libc, as an emulator does. One that libc did not make is not its own.
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

enum { kSetUserDispatch = 59, kDispatchOn = 1 };

static volatile char blocks;  // SYSCALL_DISPATCH_FILTER_BLOCK where 1
static volatile sig_atomic_t strange;

static void on_call(int signal) {
  (void)signal;
  ++strange;
}

struct Range {
  unsigned long begin, length;
};

// The code of the object that getpid is in.
static int find_libc(struct dl_phdr_info* object, size_t size, void* found) {
  (void)size;
  struct Range* range = found;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)* part = &object->dlpi_phdr[i];
    const unsigned long begin = object->dlpi_addr + part->p_vaddr;
    if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0 &&
        strstr(object->dlpi_name, "libc.so") != NULL) {
      *range = (struct Range){begin, part->p_memsz};
      return 1;
    }
  }
  return 0;
}

int main(void) {
  struct Range libc = {0, 0};
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  if (dl_iterate_phdr(find_libc, &libc) != 1) abort();
  struct sigaction action = {.sa_handler = on_call};
  sigaction(SIGSYS, &action, NULL);
  if (prctl(kSetUserDispatch, kDispatchOn, libc.begin, libc.length, &blocks) != 0) {
    check_skip("system calls cannot be turned into signals here");
  }
  blocks = 1;
  const int error = loopback_refused(&closed);
  blocks = 0;
  CHECK_EQUAL(error, ECONNREFUSED);
  CHECK_EQUAL(strange, 0);
  return check_status();
}
