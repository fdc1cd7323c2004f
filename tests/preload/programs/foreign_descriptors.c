// What a program does with descriptor numbers while another of its threads makes the first
// connection, or starts a program: puts files of its own onto the numbers that were free, counts on
// the lowest one, holds record locks. In many processes, because it is a matter of instants.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kProcesses = 200, kFirst = 10, kLast = 16, kKept = 30 };

static struct sockaddr_in closed;
static volatile int go, done;
static int socket_fd;
static char* program[] = {"/bin/true", NULL};

static int own_file(void) {
  char name[] = "/tmp/foreign-XXXXXX";
  const int made = mkstemp(name);
  if (made < 0 || write(made, "mine\n", 5) != 5 || fchmod(made, 0640) != 0) abort();
  unlink(name);
  const int kept = dup2(made, kKept);
  close(made);
  return kept;
}

static void check_file(int file) {
  struct stat status;
  CHECK_EQUAL(fstat(file, &status), 0);
  CHECK_EQUAL(status.st_size, 5);
  CHECK_EQUAL(status.st_mode & 07777, 0640);
}

static void* connect_once(void* argument) {
  while (!go) {
  }
  (void)connect(socket_fd, loopback_name(&closed), sizeof closed);
  done = 1;
  return argument;
}

static void* start_programs(void* argument) {
  for (int i = 0; i < 200; ++i) {
    pid_t child;
    char* none[] = {NULL};  // scrubbed: it is noted
    if (posix_spawn(&child, program[0], NULL, NULL, program, i % 2 == 0 ? none : environ) == 0) {
      wait_for(child);
    }
  }
  done = 1;
  return argument;
}

// Every free number becomes the file again and again, while `body` is at work.
static void beside(void* (*body)(void*), int file) {
  done = go = 0;
  const pthread_t thread = thread_start(body, NULL);
  go = 1;
  while (!done) {
    for (int fd = kFirst; fd < kLast; ++fd) dup2(file, fd);
    // Nobody else opens anything: each of them is still there.
    for (int fd = kFirst; fd < kLast; ++fd) CHECK(fcntl(fd, F_GETFD) >= 0);
    for (int fd = kFirst; fd < kLast; ++fd) close(fd);
  }
  thread_join(thread);
}

static int one_process(int file) {
  socket_fd = dup2(loopback_socket(SOCK_CLOEXEC), kKept + 1);
  for (int fd = STDERR_FILENO + 1; fd < kFirst; ++fd) dup2(kKept, fd);
  beside(connect_once, file);
  return check_status();
}

// A lock of a process goes when it closes any descriptor of the file.
static void hold_a_lock(void) {
  char name[] = "/tmp/started-XXXXXX";
  const int script = mkstemp(name);
  static const char text[] = "#!/bin/true\n";
  if (script < 0 || write(script, text, sizeof text - 1) < 0 || fchmod(script, 0755) != 0) abort();
  const int file = open(name, O_RDWR | O_CLOEXEC);
  close(script);
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
  CHECK_EQUAL(fcntl(file, F_SETLK, &lock), 0);
  char* arguments[] = {name, NULL};
  pid_t child;
  if (posix_spawn(&child, name, NULL, NULL, arguments, environ) == 0) wait_for(child);
  child = fork();
  if (child == 0) {
    lock.l_type = F_WRLCK;
    _exit(fcntl(file, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK ? 1 : 0);
  }
  CHECK_EQUAL(wait_for(child), 0);
  unlink(name);
}

int main(void) {
  loopback_refuse(&closed);
  // There the library has no thread with descriptors of its own.
  if (check_in_valgrind()) check_skip("under valgrind a number may be taken for a moment");
  const int file = own_file();
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(one_process(file));
    CHECK_EQUAL(wait_for(child), 0);
    check_file(file);
  }
  beside(start_programs, file);
  check_file(file);
  hold_a_lock();
  return check_status();
}
