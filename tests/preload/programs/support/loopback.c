#include "loopback.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void must(int good, const char* what) {
  if (good) return;
  perror(what);
  exit(1);
}

const struct sockaddr* loopback_name(const struct sockaddr_in* address) {
  return (const struct sockaddr*)address;
}

int loopback_socket(int flags) {
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
  must(fd >= 0, "socket");
  return fd;
}

int loopback_refuse(struct sockaddr_in* address) {
  int fd = loopback_socket(SOCK_CLOEXEC);
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  must(bind(fd, loopback_name(address), sizeof *address) == 0, "bind");
  socklen_t length = sizeof *address;
  must(getsockname(fd, (struct sockaddr*)address, &length) == 0, "getsockname");
  return fd;
}

int loopback_listen(struct sockaddr_in* address, int backlog) {
  int fd = loopback_refuse(address);
  must(listen(fd, backlog) == 0, "listen");
  return fd;
}

int loopback_full(struct sockaddr_in* address) {
  int listener = loopback_listen(address, 0);
  // With a backlog of 0 one connection waits in the queue; the first that stays unanswered shows
  // that it is full.
  for (int tries = 0; tries < 8; ++tries) {
    struct pollfd wait = {.fd = loopback_socket(SOCK_NONBLOCK | SOCK_CLOEXEC), .events = POLLOUT};
    must(connect(wait.fd, loopback_name(address), sizeof *address) == 0 || errno == EINPROGRESS,
         "connect");
    if (poll(&wait, 1, 30) == 0) return listener;
  }
  must(0, "a full queue");
  return -1;
}

int loopback_connect(const struct sockaddr_in* address) {
  int fd = loopback_socket(SOCK_CLOEXEC);
  must(connect(fd, loopback_name(address), sizeof *address) == 0, "connect");
  return fd;
}

void loopback_pair(int pair[2]) {
  struct sockaddr_in address;
  int listener = loopback_listen(&address, 1);
  pair[0] = loopback_connect(&address);
  pair[1] = accept(listener, NULL, NULL);
  must(pair[1] >= 0, "accept");
  close(listener);
}

int loopback_exchange(const struct sockaddr_in* listener_address, int listener) {
  char byte = 'q';
  int result = 0;
  int server = -1;
  int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (client < 0) return errno;
  if (connect(client, loopback_name(listener_address), sizeof *listener_address) != 0) {
    result = errno;
  } else if ((server = accept(listener, NULL, NULL)) < 0) {
    result = errno;
  } else if (send(client, &byte, 1, MSG_NOSIGNAL) != 1 || recv(server, &byte, 1, 0) != 1 ||
             send(server, &byte, 1, MSG_NOSIGNAL) != 1 || recv(client, &byte, 1, 0) != 1) {
    result = errno;
  }
  if (server >= 0) close(server);
  close(client);
  return result;
}

int loopback_refused(const struct sockaddr_in* address) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int result = connect(fd, loopback_name(address), sizeof *address) == 0 ? 0 : errno;
  close(fd);
  return result;
}
