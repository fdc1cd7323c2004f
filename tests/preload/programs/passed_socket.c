// A connection that arrives by SCM_RIGHTS, and a socketpair: numbers whose birth nobody saw or that
// are no network.
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

union Control {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(int))];
};

static void pass(int over, int fd) {
  union Control control = {{0}};
  struct iovec piece = {(char[]){"p"}, 1};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  RETURNS(sendmsg(over, &message, 0), 1);
}

static int take(int over) {
  union Control control;
  char byte;
  int fd = -1;
  struct iovec piece = {&byte, 1};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  RETURNS(recvmsg(over, &message, MSG_CMSG_CLOEXEC), 1);
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (CHECK(header != NULL)) memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

// One that is to be connected by whoever gets it.
static void connect_what_is_passed(int local[2]) {
  struct sockaddr_in closed;
  loopback_refuse(&closed);
  int fresh = loopback_socket(0);
  pass(local[0], fresh);
  RETURNS(close(fresh), 0);
  int taken = take(local[1]);
  FAILS(connect(taken, loopback_name(&closed), sizeof closed), ECONNREFUSED);
  RETURNS(close(taken), 0);
}

int main(void) {
  int local[2], pair[2];
  char byte;
  RETURNS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, local), 0);
  RETURNS(send(local[0], "l", 1, 0), 1);
  RETURNS(read(local[1], &byte, 1), 1);
  connect_what_is_passed(local);
  loopback_pair(pair);
  pass(local[0], pair[0]);
  RETURNS(close(pair[0]), 0);
  int taken = take(local[1]);
  RETURNS(send(taken, "q", 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(send(pair[1], "a", 1, 0), 1);
  RETURNS(recv(taken, &byte, 1, 0), 1);
  RETURNS(close(taken), 0);
  RETURNS(recv(pair[1], &byte, 1, 0), 0);
  return check_status();
}
