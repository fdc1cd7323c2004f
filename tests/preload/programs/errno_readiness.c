// errno after every wait: ready, expired, refused by the kernel.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int __poll(struct pollfd* fds, nfds_t count, int timeout);
int __select(int count, fd_set* in, fd_set* out, fd_set* except, struct timeval* timeout);

static struct pollfd* want(struct pollfd* wait, int fd, short events) {
  *wait = (struct pollfd){.fd = fd, .events = events};
  return wait;
}

static fd_set* only(fd_set* set, int fd) {
  FD_ZERO(set);
  FD_SET(fd, set);
  return set;
}

// `fd` is connected, can be written and has nothing to read.
static void waits(int fd) {
  struct pollfd wait;
  struct timespec brief = {0, 1000000}, wrong = {0, 2000000000};
  RETURNS(poll(want(&wait, fd, POLLOUT), 1, 1000), 1);
  CHECK_EQUAL(wait.revents, POLLOUT);
  RETURNS(poll(want(&wait, fd, POLLIN), 1, 1), 0);
  RETURNS(poll(want(&wait, 900, POLLIN), 1, 1), 1);
  CHECK_EQUAL(wait.revents, POLLNVAL);
  RETURNS(poll(want(&wait, -1, POLLIN), 1, 1), 0);
  FAILS(poll(want(&wait, fd, POLLIN), 0x7fffffff, 1), EINVAL);
  RETURNS(__poll(want(&wait, fd, POLLIN | POLLOUT), 1, -1), 1);
  RETURNS(ppoll(want(&wait, fd, POLLOUT), 1, NULL, NULL), 1);
  RETURNS(ppoll(want(&wait, fd, POLLIN), 1, &brief, NULL), 0);
  FAILS(ppoll(want(&wait, fd, POLLIN), 1, &wrong, NULL), EINVAL);
}

static void selects(int fd) {
  fd_set set;
  struct timeval moment = {0, 1000};
  struct timespec brief = {0, 1000000};
  RETURNS(select(fd + 1, NULL, only(&set, fd), NULL, NULL), 1);
  CHECK(FD_ISSET(fd, &set));
  RETURNS(select(fd + 1, only(&set, fd), NULL, NULL, &moment), 0);
  CHECK(!FD_ISSET(fd, &set));
  FAILS(select(-1, NULL, NULL, NULL, &moment), EINVAL);
  FAILS(select(41, only(&set, 40), NULL, NULL, NULL), EBADF);
  RETURNS(__select(fd + 1, NULL, only(&set, fd), NULL, NULL), 1);
  RETURNS(pselect(fd + 1, NULL, only(&set, fd), NULL, NULL, NULL), 1);
  RETURNS(pselect(fd + 1, only(&set, fd), NULL, NULL, &brief, NULL), 0);
  FAILS(pselect(-1, NULL, NULL, NULL, &brief, NULL), EINVAL);
}

static void epolls(int fd) {
  struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd}, got[2];
  struct timespec brief = {0, 1000000};
  FAILS(epoll_create(0), EINVAL);
  FAILS(epoll_create1(0x7777), EINVAL);
  close((int)SUCCEEDS(epoll_create(1)));
  int epoll = (int)SUCCEEDS(epoll_create1(EPOLL_CLOEXEC));
  FAILS(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), ENOENT);
  FAILS(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event), ENOENT);
  FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, 900, &event), EBADF);
  FAILS(epoll_ctl(epoll, 99, fd, &event), EINVAL);
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), EEXIST);
  RETURNS(epoll_wait(epoll, got, 2, -1), 1);
  CHECK_EQUAL(got[0].data.fd, fd);
  RETURNS(epoll_pwait(epoll, got, 2, 1000, NULL), 1);
  RETURNS(epoll_pwait2(epoll, got, 2, NULL, NULL), 1);
  event.events = EPOLLIN;
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event), 0);
  RETURNS(epoll_wait(epoll, got, 2, 1), 0);
  RETURNS(epoll_pwait(epoll, got, 2, 1, NULL), 0);
  RETURNS(epoll_pwait2(epoll, got, 2, &brief, NULL), 0);
  FAILS(epoll_wait(epoll, got, 0, 1), EINVAL);
  FAILS(epoll_wait(epoll, got, -1, 1), EINVAL);
  FAILS(epoll_wait(fd, got, 1, 1), EINVAL);
  FAILS(epoll_wait(900, got, 1, 1), EBADF);
  // Deleting needs no event; a null pointer was a crash in others' libraries.
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL), 0);
  RETURNS(close(epoll), 0);
}

int main(void) {
  int pair[2];
  loopback_pair(pair);
  waits(pair[0]);
  selects(pair[0]);
  epolls(pair[0]);
  return check_status();
}
