// Built with _FORTIFY_SOURCE=2: where the compiler knows a buffer's size but not the count, the
// program calls the checking twins (__poll_chk, __read_chk, ...). They record like the plain ones
// and still stop an overflow.
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

#if !defined(__USE_FORTIFY_LEVEL) || __USE_FORTIFY_LEVEL < 2
#error "needs -O2 -D_FORTIFY_SOURCE=2"
#endif

static volatile size_t three = 3, one = 1;  // not known to the compiler

static void in_bounds(int from, int to) {
  char buffer[4];
  struct pollfd waits[2] = {{.fd = to, .events = POLLIN}, {.fd = from, .events = POLLOUT}};
  RETURNS(send(from, "0123456789ab", 12, 0), 12);
  RETURNS(poll(waits, one + 1, 1000), 2);
  RETURNS(ppoll(waits, one, NULL, NULL), 1);
  RETURNS(read(to, buffer, three), 3);
  RETURNS(recv(to, buffer, three, 0), 3);
  RETURNS(recvfrom(to, buffer, three, 0, NULL, NULL), 3);
  FAILS(read(900, buffer, three), EBADF);
  FAILS(recv(to, buffer, three, MSG_OOB), EINVAL);
}

// By their own names, so that they are tried whatever the compiler made of the calls above.
static void by_name(int from, int to) {
  char buffer[4];
  struct pollfd wait = {.fd = to, .events = POLLIN};
  RETURNS(send(from, "0123456789ab", 12, 0), 12);
  RETURNS(__poll_chk(&wait, 1, 1000, sizeof wait), 1);
  RETURNS(__ppoll_chk(&wait, 1, NULL, NULL, sizeof wait), 1);
  RETURNS(__read_chk(to, buffer, 3, sizeof buffer), 3);
  RETURNS(__recv_chk(to, buffer, 3, sizeof buffer, 0), 3);
  RETURNS(__recvfrom_chk(to, buffer, 3, sizeof buffer, 0, NULL, NULL), 3);
}

static void poll_too_many(int fd) {
  struct pollfd waits[1] = {{.fd = fd, .events = POLLIN}};
  __poll_chk(waits, one + 1, 1, sizeof waits);
}
static void ppoll_too_many(int fd) {
  struct pollfd waits[1] = {{.fd = fd, .events = POLLIN}};
  __ppoll_chk(waits, one + 1, &(struct timespec){0, 1}, NULL, sizeof waits);
}
static void read_too_much(int fd) {
  char buffer[2];
  if (__read_chk(fd, buffer, three, sizeof buffer) == 0) return;
}
static void receive_too_much(int fd) {
  char buffer[2];
  __recv_chk(fd, buffer, three, sizeof buffer, MSG_DONTWAIT);
}
static void receive_from_too_much(int fd) {
  char buffer[2];
  __recvfrom_chk(fd, buffer, three, sizeof buffer, MSG_DONTWAIT, NULL, NULL);
}

// "*** buffer overflow detected ***", and out.
static void aborts(void (*overflow)(int fd), int fd) {
  pid_t child = fork();
  if (child == 0) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    overflow(fd);
    _exit(0);
  }
  CHECK_EQUAL(wait_for(child), 128 + SIGABRT);
}

int main(void) {
  int pair[2];
  loopback_pair(pair);
  in_bounds(pair[1], pair[0]);
  by_name(pair[1], pair[0]);
  aborts(poll_too_many, pair[1]);
  aborts(ppoll_too_many, pair[1]);
  aborts(read_too_much, pair[1]);
  aborts(receive_too_much, pair[1]);
  aborts(receive_from_too_much, pair[1]);
  return check_status();
}
