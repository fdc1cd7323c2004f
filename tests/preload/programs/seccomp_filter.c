// A program that sandboxes itself: from then on any system call but its own few kills it. What is
// ours must not be among the victims' causes: with the filter set by prctl, by seccomp(2) or by a
// bare prctl, before the first connect or after it; and in a program that inherits the filter, one
// that kills and one that refuses politely.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static const unsigned own_calls[] = {
    SYS_read,       SYS_write,  SYS_close,        SYS_socket,   SYS_connect,
    SYS_getsockopt, SYS_accept, SYS_sendto,       SYS_recvfrom, SYS_exit_group,
    SYS_setsockopt, SYS_ppoll,  SYS_rt_sigreturn,
#ifdef SYS_poll
    SYS_poll,
#endif
};
// What the dynamic loader and the start of the C library need, for the filter that is there before
// us.
static const unsigned start_calls[] = {
    SYS_execve,
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mprotect,
    SYS_openat,
    SYS_pread64,
    SYS_fstat,
    SYS_newfstatat,
    SYS_set_tid_address,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_prlimit64,
    SYS_getrandom,
    SYS_futex,
    SYS_bind,
    SYS_getsockname,
    SYS_listen,
#ifdef SYS_access
    SYS_access,
    SYS_arch_prctl,
#endif
};

struct Program {
  struct sock_filter steps[128];
  unsigned short length;
};

static void add(struct Program* program, struct sock_filter step) {
  program->steps[program->length++] = step;
}

static void allow(struct Program* program, const unsigned* calls, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1));
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
}

static void install(const char* how, int with_start, unsigned otherwise) {
  struct Program program = {.length = 0};
  add(&program,
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  allow(&program, own_calls, sizeof own_calls / sizeof own_calls[0]);
  if (with_start) allow(&program, start_calls, sizeof start_calls / sizeof start_calls[0]);
  add(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise));
  struct sock_fprog filter = {program.length, program.steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) abort();
  long result = strcmp(how, "prctl") == 0 ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)
                : strcmp(how, "bare_prctl") == 0
                    ? syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0)
                    : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
  if (result != 0) check_skip("seccomp filters are not permitted");
}

// Kills for one call alone.
static void install_against(unsigned call) {
  struct Program program = {.length = 0};
  add(&program,
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
  add(&program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  add(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  add(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  struct sock_fprog filter = {program.length, program.steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) abort();
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    check_skip("seccomp filters are not permitted");
  }
}

int main(int count, char** arguments) {
  struct sockaddr_in open_address, closed_address;
  const char *when = count > 1 ? arguments[1] : "before", *how = count > 2 ? arguments[2] : "prctl";
  if (strncmp(when, "inherited", 9) == 0) {
    const int kills = strcmp(when, "inherited") != 0;
    if (strcmp(when, "inherited_by_shell") == 0) {
      install_against(SYS_ftruncate);
      char command[4200] = "", self[4096] = "";
      if (readlink("/proc/self/exe", self, sizeof self - 1) <= 0) return 1;
      snprintf(command, sizeof command, "'%s' sandboxed", self);
      return system(command) == 0 ? 0 : 1;
    }
    install(how, 1, kills ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | 1);
    execl("/proc/self/exe", arguments[0], "sandboxed", NULL);
    return 1;
  }
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  if (strcmp(when, "after") == 0) CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  if (strcmp(when, "sandboxed") != 0) install(how, 0, SECCOMP_RET_KILL_PROCESS);

  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
  int fd = loopback_socket(SOCK_NONBLOCK), error = -1;
  FAILS(connect(fd, loopback_name(&open_address), sizeof open_address), EINPROGRESS);
  RETURNS(poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000), 1);
  RETURNS(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error}), 0);
  CHECK_EQUAL(error, 0);
  RETURNS(close(fd), 0);
  _exit(check_status());
}
