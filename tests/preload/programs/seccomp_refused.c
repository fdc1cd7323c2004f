// A filter for all threads that the kernel refuses because one of them has its own: the call
// returns that thread's id, which is no error, and no filter is in force.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sock_filter steps[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
static struct sock_fprog filter = {1, steps};
static pthread_barrier_t both;

// By an instruction of its own, so that no library is told.
static void* with_filter(void* argument) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(SYS_seccomp), "D"((long)SECCOMP_SET_MODE_FILTER), "S"(0L), "d"(&filter)
                   : "rcx", "r11", "memory");
  *(long*)argument = result;
#endif
  pthread_barrier_wait(&both);
  pause();
  return argument;
}

int main(void) {
  struct sockaddr_in closed;
  long own = -1;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 1;
  pthread_barrier_init(&both, NULL, 2);
  thread_start(with_filter, &own);
  pthread_barrier_wait(&both);
  if (own != 0) check_skip("seccomp filters are not permitted, or not tried on this machine");
  CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) > 0);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  _exit(check_status());
}
