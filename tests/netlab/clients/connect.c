// A client for each way of waiting that the system clients do not use themselves.
//
//   netlab_connect MANNER TIMEOUT_MS ADDRESS PORT
//
// Connects, sends a request, waits for the first bytes of the reply, closes. Prints one line:
// "connect ERRNO" or "connect timeout", and then "reply BYTES", "reply ERRNO_NAME" or "reply
// timeout". MANNER: poll ppoll select pselect epoll_wait epoll_pwait epoll_pwait2 (non-blocking)
//         second_connect (poll, then connect again to learn the result)
//         blocking sndtimeo rcvtimeo user_timeout (blocking; the time-out is the socket's option)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static const char* manner;
static int timeout_ms;

static int is(const char* name) { return strcmp(manner, name) == 0; }

static struct timespec as_timespec(void) {
  return (struct timespec){timeout_ms / 1000, (timeout_ms % 1000) * 1000000L};
}

static int wait_select(int fd, short events) {
  fd_set ready;
  FD_ZERO(&ready);
  FD_SET(fd, &ready);
  fd_set* reading = events == POLLIN ? &ready : NULL;
  fd_set* writing = events == POLLIN ? NULL : &ready;
  struct timespec limit = as_timespec();
  if (is("pselect")) return pselect(fd + 1, reading, writing, NULL, &limit, NULL);
  struct timeval left = {timeout_ms / 1000, (timeout_ms % 1000) * 1000L};
  return select(fd + 1, reading, writing, NULL, &left);
}

static int wait_epoll(int fd, short events) {
  static int set = -1;
  if (set < 0) set = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event wanted = {.events = events == POLLIN ? EPOLLIN : EPOLLOUT, .data.fd = fd};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &wanted) != 0) epoll_ctl(set, EPOLL_CTL_MOD, fd, &wanted);
  struct epoll_event got[4];
  if (is("epoll_wait")) return epoll_wait(set, got, 4, timeout_ms);
  if (is("epoll_pwait")) return epoll_pwait(set, got, 4, timeout_ms, NULL);
  struct timespec limit = as_timespec();
  return epoll_pwait2(set, got, 4, &limit, NULL);
}

// Ready descriptors, 0 after the time-out.
static int wait_for(int fd, short events) {
  if (is("select") || is("pselect")) return wait_select(fd, events);
  if (strncmp(manner, "epoll", 5) == 0) return wait_epoll(fd, events);
  struct pollfd one = {fd, events, 0};
  struct timespec limit = as_timespec();
  return is("ppoll") ? ppoll(&one, 1, &limit, NULL) : poll(&one, 1, timeout_ms);
}

static int waits_itself(void) {
  return !is("blocking") && !is("sndtimeo") && !is("rcvtimeo") && !is("user_timeout");
}

static void set_options(int fd) {
  struct timeval limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000L};
  if (is("sndtimeo")) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (is("rcvtimeo")) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (is("user_timeout")) {
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
  }
}

// 0, an errno, or -1 after the client's own time-out.
static int establish(int fd, const struct sockaddr* peer, socklen_t length) {
  if (connect(fd, peer, length) == 0) return 0;
  if (!waits_itself() || errno != EINPROGRESS) return errno;
  if (wait_for(fd, POLLOUT) <= 0) return -1;
  if (is("second_connect")) return connect(fd, peer, length) == 0 ? 0 : errno;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

static void converse(int fd) {
  static const char request[] = "GET / HTTP/1.0\r\n\r\n";
  char reply[4096];
  if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0) {
    printf("send %s\n", strerrorname_np(errno));
    return;
  }
  if (waits_itself() && wait_for(fd, POLLIN) <= 0) {
    puts("reply timeout");
    return;
  }
  const ssize_t got = recv(fd, reply, sizeof reply, 0);
  if (got >= 0) {
    printf("reply %zd\n", got);
  } else {
    printf("reply %s\n", strerrorname_np(errno));
  }
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  manner = argv[1];
  timeout_ms = atoi(argv[2]);
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[4]))};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = v4.sin_port};
  const int is_v4 = inet_pton(AF_INET, argv[3], &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, argv[3], &v6.sin6_addr) != 1) return 2;

  const int kind = SOCK_STREAM | (waits_itself() ? SOCK_NONBLOCK : 0);
  const int fd = socket(is_v4 ? AF_INET : AF_INET6, kind, 0);
  set_options(fd);
  const int error = is_v4 ? establish(fd, (struct sockaddr*)&v4, sizeof v4)
                          : establish(fd, (struct sockaddr*)&v6, sizeof v6);
  printf("connect %s\n", error < 0 ? "timeout" : error == 0 ? "0" : strerrorname_np(error));
  if (error == 0) converse(fd);
  close(fd);
  return error == 0 ? 0 : 1;
}
