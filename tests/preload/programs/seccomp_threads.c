// A thread puts all threads under a filter that kills (SECCOMP_FILTER_FLAG_TSYNC), while others are
// in the middle of whatever their connects take. In a hundred processes, because it is a matter of
// instants.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kProcesses = 100, kThreads = 2 };

static struct sockaddr_in closed;
static volatile int started, filtered;

static const unsigned own_calls[] = {
    SYS_read,           SYS_write,           SYS_close,     SYS_socket, SYS_connect,
    SYS_exit,           SYS_exit_group,      SYS_futex,     SYS_munmap, SYS_madvise,
    SYS_rt_sigprocmask, SYS_clock_nanosleep, SYS_nanosleep,
};
// Those of them that are ours as well are named by what they are asked, as sandboxes do.
static const unsigned madvise_of_libc = 4;  // MADV_DONTNEED

static void* connect_on(void* argument) {
  if (loopback_refused(&closed) != ECONNREFUSED) return argument;
  __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
  for (int after = 0; after < 5; after += filtered) {
    if (loopback_refused(&closed) != ECONNREFUSED) return argument;
  }
  return NULL;
}

static int install(void) {
  struct sock_filter steps[64];
  unsigned short length = 0;
  steps[length++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < sizeof own_calls / sizeof own_calls[0]; ++i) {
    if (own_calls[i] == SYS_madvise) {
      steps[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 4);
      steps[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                     offsetof(struct seccomp_data, args[2]));
      steps[length++] =
          (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, madvise_of_libc, 0, 1);
      steps[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
      steps[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
      continue;
    }
    steps[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_calls[i], 0, 1);
    steps[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  steps[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog filter = {length, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) abort();
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
}

static int one_process(unsigned seed) {
  pthread_t threads[kThreads];
  for (int i = 0; i < kThreads; ++i) threads[i] = thread_start(connect_on, &closed);
  while (started != kThreads) sleep_ms(1);
  nanosleep(&(struct timespec){0, rand_r(&seed) % 2000000}, NULL);
  if (install() != 0) return kSkipped;
  filtered = 1;
  int failed = 0;
  for (int i = 0; i < kThreads; ++i) {
    void* result = NULL;
    pthread_join(threads[i], &result);
    failed += result != NULL;
  }
  return failed == 0 ? 0 : 1;
}

int main(void) {
  loopback_refuse(&closed);
  for (unsigned i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(one_process(i + 1));
    const int status = wait_for(child);
    if (status == kSkipped) check_skip("seccomp filters for all threads are not permitted");
    CHECK_EQUAL(status, 0);
  }
  return check_status();
}
