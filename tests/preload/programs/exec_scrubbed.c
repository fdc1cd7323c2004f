// Every way to become, or to start, another program with an environment of one's own making. The
// new program gets that environment and nothing else (a recording may add its own variables); a
// call that fails says why.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kKept = 42 };  // exit status of a child that found what it should

static char self[4096];
static const char* name;  // in PATH
static char* words[] = {self, "child", NULL};
static char* scrubbed[] = {"KEPT=yes", "ZERO=", NULL};

static bool is_of_the_recording(const char* entry) {
  return strncmp(entry, "LD_PRELOAD=", 11) == 0 || strncmp(entry, "SOCKWATCH_", 10) == 0 ||
         strncmp(entry, "ASAN_OPTIONS=", 13) == 0;
}

static int child(void) {
  struct sockaddr_in closed;
  int others = 0;
  for (char** entry = environ; *entry != NULL; ++entry) {
    if (!is_of_the_recording(*entry)) ++others;
  }
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  const char* kept = getenv("KEPT");
  CHECK_EQUAL(others, 2);
  CHECK(kept != NULL && strcmp(kept, "yes") == 0);
  return check_status() == 0 ? kKept : 1;
}

static void by_execve(void) { execve(self, words, scrubbed); }
static void by_execle(void) { execle(self, self, "child", NULL, scrubbed); }
static void by_execvpe(void) { execvpe(name, words, scrubbed); }
static void by_fexecve(void) { fexecve(open(self, O_RDONLY | O_CLOEXEC), words, scrubbed); }
static void by_execveat(void) {
  execveat(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), self + 1, words, scrubbed, 0);
}
// The four below take the environment of the process.
static void by_execv(void) {
  environ = scrubbed;
  execv(self, words);
}
static void by_execl(void) {
  environ = scrubbed;
  execl(self, self, "child", NULL);
}
static void by_execvp(void) {
  static char path[4200];
  snprintf(path, sizeof path, "PATH=/nowhere:%s", getenv("PATH"));
  char* both[] = {"KEPT=yes", path, NULL};
  environ = both;
  execvp(name, words);
}
static void by_execlp(void) {
  environ = scrubbed;
  execlp(self, self, "child", NULL);
}

static void all_execs(void) {
  void (*ways[])(void) = {by_execve, by_execle, by_execvpe, by_fexecve, by_execveat,
                          by_execv,  by_execl,  by_execvp,  by_execlp};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      ways[i]();
      fprintf(stderr, "way %zu: %s\n", i, strerror(errno));
      _exit(127);
    }
    CHECK_EQUAL(wait_for(pid), kKept);
  }
  const pid_t pid = vfork();
  if (pid == 0) {
    execve("/nowhere/at/all", words, scrubbed);
    execve(self, words, scrubbed);
    _exit(127);
  }
  CHECK_EQUAL(wait_for(pid), kKept);
}

// As a handler of crashes does that starts a debugger: below its stack there is nothing.
static void on_signal(int signal) {
  (void)signal;
  const pid_t pid = fork();
  if (pid == 0) {
    execve(self, words, scrubbed);
    _exit(127);
  }
  CHECK_EQUAL(wait_for(pid), kKept);
}

static void on_a_small_stack(void) {
  const long page = sysconf(_SC_PAGESIZE);
  const size_t size = (sysconf(_SC_MINSIGSTKSZ) + 6144 + page - 1) / page * page;
  char* memory =
      mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED && mprotect(memory, page, PROT_NONE) == 0);
  stack_t stack = {.ss_sp = memory + page, .ss_size = size};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
  CHECK_EQUAL(sigaltstack(&stack, NULL), 0);
  CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
  CHECK_EQUAL(raise(SIGUSR1), 0);
}

static void all_spawns(void) {
  pid_t pid = 0;
  CHECK_EQUAL(posix_spawn(&pid, self, NULL, NULL, words, scrubbed), 0);
  CHECK_EQUAL(wait_for(pid), kKept);
  CHECK_EQUAL(posix_spawnp(&pid, name, NULL, NULL, words, scrubbed), 0);
  CHECK_EQUAL(wait_for(pid), kKept);
}

static void failures(void) {
  char* volatile bad = (char*)8;  // the compiler is not to know
  char* bad_entry[] = {"KEPT=yes", bad, NULL};
  char* none[] = {NULL};
  // The last page before nothing: a list and a text without an end.
  const long page = sysconf(_SC_PAGESIZE);
  char* edge = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(edge != MAP_FAILED && munmap(edge + page, page) == 0);
  char** endless = (char**)(edge + page) - 1;
  *endless = "KEPT=yes";
  FAILS(execve("/nowhere", words, scrubbed), ENOENT);
  FAILS(execve("/nowhere", words, NULL), ENOENT);
  FAILS(execve("", words, scrubbed), ENOENT);
  FAILS(execve(bad, words, scrubbed), EFAULT);
  FAILS(execve(self, words, bad_entry), EFAULT);
  FAILS(execve(self, bad_entry, scrubbed), EFAULT);
  FAILS(execve(self, words, endless), EFAULT);
  FAILS(execve(self, words, (char**)bad), EFAULT);
  FAILS(execve("/dev/null", words, scrubbed), EACCES);
  FAILS(execve("/", words, none), EACCES);
  FAILS(execve("/etc/passwd", words, scrubbed), EACCES);
  FAILS(execvpe("no-such-program-anywhere", words, scrubbed), ENOENT);
  FAILS(execvp("no-such-program-anywhere", words), ENOENT);
  FAILS(execle("/nowhere", "nowhere", NULL, scrubbed), ENOENT);
  FAILS(execl("/nowhere", "nowhere", NULL), ENOENT);
  FAILS(execlp("no-such-program-anywhere", "a", "b", "c", NULL), ENOENT);
  FAILS(fexecve(-1, words, scrubbed), EINVAL);
  FAILS(execveat(-1, "relative", words, scrubbed, 0), EBADF);
  pid_t pid = -5;
  CHECK_EQUAL(posix_spawn(&pid, "/nowhere", NULL, NULL, words, scrubbed), ENOENT);
  CHECK_EQUAL(pid, -5);
  memset(edge, 'L', page);
  memcpy(edge, "LD_PRELOAD=", 11);
  char* endless_text[] = {edge, NULL};
  FAILS(execve(self, words, endless_text), EFAULT);
  char* huge = malloc(256 * 1024);
  memset(huge, 'A', 256 * 1024 - 1);
  huge[256 * 1024 - 1] = '\0';
  char* too_long[] = {"KEPT=yes", huge, NULL};
  FAILS(execve(self, words, too_long), E2BIG);
  free(huge);
}

// An environment that is as large as it may be is passed as it is. The largest is the same with the
// library and without.
static void as_large_as_may_be(void) {
  static char filling[130 * 1024];
  struct rlimit limit;
  char* large[] = {"KEPT=yes", filling, NULL};
  CHECK_EQUAL(getrlimit(RLIMIT_STACK, &limit), 0);
  limit.rlim_cur = 512 * 1024;  // the kernel gives a quarter to arguments and environment
  CHECK_EQUAL(setrlimit(RLIMIT_STACK, &limit), 0);
  memset(filling, 'F', sizeof filling);
  filling[1] = '=';
  size_t good = 64 * 1024, bad = sizeof filling - 1;
  while (bad - good > 1) {
    const size_t middle = (good + bad) / 2;
    filling[middle] = '\0';
    const pid_t pid = fork();
    if (pid == 0) {
      execve(self, words, large);
      _exit(errno == E2BIG ? 7 : 8);
    }
    const int status = wait_for(pid);
    filling[middle] = 'F';
    if (status == kKept) {
      good = middle;
    } else {
      CHECK_EQUAL(status, 7);
      bad = middle;
    }
  }
  printf("the largest is %zu\n", good);
}

int main(int count, char** arguments) {
  if (count > 1 && strcmp(arguments[1], "child") == 0) return child();
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  CHECK(realpath(arguments[0], self) != NULL);
  char* slash = strrchr(self, '/');
  name = strdup(slash + 1);
  *slash = '\0';
  setenv("PATH", self, 1);
  *slash = '/';
  if (count > 1 && strcmp(arguments[1], "large") == 0) {
    as_large_as_may_be();
  } else if (count > 1 && strcmp(arguments[1], "failures") == 0) {
    failures();
  } else {
    all_execs();
    all_spawns();
    on_a_small_stack();
  }
  return check_status();
}
