// Unusual but legal waits: for nothing at all, with a signal mask that lets a pending signal in, on
// an epoll whose user data are pointers.
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static volatile sig_atomic_t delivered;
static void deliver(int signal) {
  (void)signal;
  ++delivered;
}

static void for_nothing(void) {
  struct timespec brief = {0, 2000000};
  RETURNS(poll(NULL, 0, 2), 0);
  RETURNS(poll(NULL, 0, 0), 0);
  RETURNS(ppoll(NULL, 0, &brief, NULL), 0);
  RETURNS(select(0, NULL, NULL, NULL, &(struct timeval){0, 2000}), 0);
  RETURNS(pselect(0, NULL, NULL, NULL, &brief, NULL), 0);
}

// The signal is pending and blocked; the wait's own mask lets it in, and only there.
static void lets_signals_in(int fd) {
  sigset_t blocked, none;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigaction(SIGUSR1, &(struct sigaction){.sa_handler = deliver}, NULL);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  struct timespec second = {1, 0};
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  fd_set set;
  FD_ZERO(&set);
  FD_SET(fd, &set);
  struct epoll_event event = {.events = EPOLLIN};
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);

  raise(SIGUSR1);
  CHECK_EQUAL(delivered, 0);
  FAILS(ppoll(&wait, 1, &second, &none), EINTR);
  CHECK_EQUAL(delivered, 1);
  CHECK_EQUAL(second.tv_sec, 1);  // the C library keeps the remaining time from us
  raise(SIGUSR1);
  FAILS(pselect(fd + 1, &set, NULL, NULL, &second, &none), EINTR);
  CHECK_EQUAL(delivered, 2);
  CHECK(FD_ISSET(fd, &set));
  raise(SIGUSR1);
  FAILS(epoll_pwait(epoll, &event, 1, 1000, &none), EINTR);
  CHECK_EQUAL(delivered, 3);
  raise(SIGUSR1);
  FAILS(epoll_pwait2(epoll, &event, 1, &second, &none), EINTR);
  CHECK_EQUAL(delivered, 4);
  RETURNS(poll(&wait, 1, 1), 0);
  RETURNS(close(epoll), 0);
}

static void pointers_as_data(void) {
  struct sockaddr_in open_address;
  loopback_listen(&open_address, 4);
  struct Connection {
    int fd;
    long secret;
  } connection = {loopback_socket(SOCK_NONBLOCK), 99};
  int epoll = epoll_create1(EPOLL_CLOEXEC), error = -1;
  struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.ptr = &connection}, got = {0};
  FAILS(connect(connection.fd, loopback_name(&open_address), sizeof open_address), EINPROGRESS);
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_ADD, connection.fd, &event), 0);
  RETURNS(epoll_wait(epoll, &got, 1, 1000), 1);
  CHECK(got.data.ptr == &connection && connection.secret == 99);
  RETURNS(getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error}), 0);
  CHECK_EQUAL(error, 0);
  RETURNS(epoll_wait(epoll, &got, 1, 5), 0);
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_DEL, connection.fd, NULL), 0);
  RETURNS(close(connection.fd), 0);
}

static void expires_while_connecting(void) {
  struct sockaddr_in full;
  loopback_full(&full);
  int epoll = epoll_create1(EPOLL_CLOEXEC), fd = loopback_socket(SOCK_NONBLOCK);
  struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
  FAILS(connect(fd, loopback_name(&full), sizeof full), EINPROGRESS);
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  RETURNS(epoll_wait(epoll, &event, 1, 40), 0);
  RETURNS(close(fd), 0);
  fd = loopback_socket(SOCK_NONBLOCK);
  FAILS(connect(fd, loopback_name(&full), sizeof full), EINPROGRESS);
  RETURNS(poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 40), 0);
  RETURNS(close(fd), 0);
}

int main(void) {
  int pair[2];
  loopback_pair(pair);
  for_nothing();
  lets_signals_in(pair[0]);
  pointers_as_data();
  expires_while_connecting();
  return check_status();
}
