// Forks while another thread makes its first connection, which is when a recording is begun: the
// child has the descriptors of the program and no other. In a hundred processes, because it is a
// matter of instants.
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kProcesses = 100, kForks = 4, kHighest = 64 };

static struct sockaddr_in closed;
static volatile int go;

static void* connect_once(void* argument) {
  while (!go) {
  }
  return loopback_refused(&closed) == ECONNREFUSED ? NULL : argument;
}

// Of a program that has opened no file.
static int files(void) {
  int count = 0;
  for (int fd = STDERR_FILENO + 1; fd < kHighest; ++fd) {
    struct stat file;
    count += fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
  }
  return count;
}

static int one_process(unsigned seed) {
  const int before = files();
  const pthread_t thread = thread_start(connect_once, &closed);
  go = 1;
  const unsigned turns = (unsigned)rand_r(&seed) % 40000;
  for (volatile unsigned i = 0; i < turns; ++i) {
  }
  pid_t children[kForks];
  for (int i = 0; i < kForks; ++i) {
    children[i] = fork();
    if (children[i] == 0) _exit(files() - before);
  }
  int more = 0;
  for (int i = 0; i < kForks; ++i) more += wait_for(children[i]) != 0;
  void* result = NULL;
  pthread_join(thread, &result);
  return more != 0 ? 2 : result != NULL ? 1 : 0;
}

int main(void) {
  loopback_refuse(&closed);
  // There the library has no thread with descriptors of its own.
  if (check_in_valgrind()) check_skip("under valgrind a child may have one descriptor more");
  for (unsigned i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(one_process(i + 1));
    CHECK_EQUAL(wait_for(child), 0);
  }
  return check_status();
}
