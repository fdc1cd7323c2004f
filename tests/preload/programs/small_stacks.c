// Stacks with room for what a bare call needs and little more: of a signal handler that connects,
// the first one of the program, and of a thread that starts a program with a large environment.
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kPage = 4096, kForTheHandler = 2048, kThreadStack = 16 * 1024, kVariables = 1500 };

static struct sockaddr_in closed;
static volatile sig_atomic_t error;
static char* large_environment[kVariables + 1];

static void connect_in_handler(int signal) {
  (void)signal;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  error = connect(fd, (const struct sockaddr*)&closed, sizeof closed) == -1 ? errno : 0;
  close(fd);
}

// Memory that ends below with a page nobody may touch.
static char* stack_of(size_t size) {
  const size_t whole = (size + kPage - 1) / kPage * kPage;
  char* low = mmap(NULL, whole + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (low == MAP_FAILED || mprotect(low, kPage, PROT_NONE) != 0) abort();
  return low + kPage + whole - size;
}

static void handler_with_little(void) {
  // What the kernel puts there, which grows with the processor's registers, and ours.
  const size_t size = ((size_t)sysconf(_SC_MINSIGSTKSZ) + kForTheHandler) / 64 * 64;
  // The lowest page may be shared with what lies below: the rest of it is as forbidden.
  const size_t whole = (size + kPage - 1) / kPage * kPage;
  char* stack = stack_of(whole);
  const stack_t alternate = {.ss_sp = stack, .ss_size = size};
  CHECK_EQUAL(sigaltstack(&alternate, NULL), 0);
  struct sigaction action = {.sa_handler = connect_in_handler, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  CHECK_EQUAL(error, ECONNREFUSED);
}

static void* start_a_program(void* argument) {
  pid_t child;
  char* arguments[] = {"true", NULL};
  if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, large_environment) != 0)
    return argument;
  return wait_for(child) == 0 ? NULL : argument;
}

static void thread_with_little(void) {
  static char text[kVariables][16];
  for (int i = 0; i < kVariables; ++i) {
    snprintf(text[i], sizeof text[i], "V%d=x", i);
    large_environment[i] = text[i];
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (pthread_attr_setstack(&attributes, stack_of(kThreadStack), kThreadStack) != 0) abort();
  pthread_t thread;
  if (pthread_create(&thread, &attributes, start_a_program, large_environment) != 0) abort();
  void* result = NULL;
  pthread_join(thread, &result);
  CHECK(result == NULL);
}

int main(void) {
  loopback_refuse(&closed);
  handler_with_little();
  thread_with_little();
  return check_status();
}
