// The ways in which a program learns how its non-blocking connect went: one per run, towards a port
// that accepts and one that refuses. Looking must not change what the program finds: SO_ERROR reads
// 0 the second time.
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static struct sockaddr_in open_address, closed_address;

static int started(const struct sockaddr_in* address) {
  int fd = loopback_socket(SOCK_NONBLOCK);
  FAILS(connect(fd, loopback_name(address), sizeof *address), EINPROGRESS);
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  RETURNS(poll(&wait, 1, 1000), 1);
  if (address == &open_address) {
    CHECK_EQUAL(wait.revents, POLLOUT);
  } else {
    CHECK_EQUAL(wait.revents, POLLOUT | POLLERR | POLLHUP);
  }
  return fd;
}

static int pending_error(int fd) {
  int error = -1;
  socklen_t size = sizeof error;
  RETURNS(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  return error;
}

static void by_option(int good, int bad) {
  CHECK_EQUAL(pending_error(good), 0);
  CHECK_EQUAL(pending_error(bad), ECONNREFUSED);
  CHECK_EQUAL(pending_error(bad), 0);
}

static void by_connect(int good, int bad) {
  RETURNS(connect(good, loopback_name(&open_address), sizeof open_address), 0);
  FAILS(connect(good, loopback_name(&open_address), sizeof open_address), EISCONN);
  FAILS(connect(bad, loopback_name(&closed_address), sizeof closed_address), ECONNREFUSED);
}

static void by_send(int good, int bad) {
  RETURNS(send(good, "x", 1, MSG_NOSIGNAL), 1);
  FAILS(send(bad, "x", 1, MSG_NOSIGNAL), ECONNREFUSED);
}

static void by_receive(int good, int bad) {
  char byte;
  FAILS(recv(good, &byte, 1, 0), EAGAIN);
  FAILS(recv(bad, &byte, 1, 0), ECONNREFUSED);
}

static void by_name(int good, int bad) {
  struct sockaddr_in peer;
  RETURNS(getpeername(good, (struct sockaddr*)&peer, &(socklen_t){sizeof peer}), 0);
  FAILS(getpeername(bad, (struct sockaddr*)&peer, &(socklen_t){sizeof peer}), ENOTCONN);
}

static void by_close(int good, int bad) {
  (void)good;
  (void)bad;
}

int main(int count, char** arguments) {
  static const struct {
    const char* name;
    void (*end)(int good, int bad);
  } endings[] = {{"option", by_option},   {"connect", by_connect}, {"send", by_send},
                 {"receive", by_receive}, {"name", by_name},       {"close", by_close}};
  const char* wanted = count > 1 ? arguments[1] : "option";
  loopback_listen(&open_address, 16);
  loopback_refuse(&closed_address);
  for (unsigned i = 0; i < sizeof endings / sizeof endings[0]; ++i) {
    if (strcmp(endings[i].name, wanted) != 0) continue;
    int good = started(&open_address), bad = started(&closed_address);
    endings[i].end(good, bad);
    RETURNS(close(good), 0);
    RETURNS(close(bad), 0);
    return check_status();
  }
  return 2;
}
