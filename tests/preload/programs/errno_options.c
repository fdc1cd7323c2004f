// errno after socket options and name look-ups. What a look-up leaves in errno is the C library's
// business and not zero: it is printed, for the comparison with the bare run.
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "support/check.h"
#include "support/loopback.h"

static void options(int fd) {
  int value = 0;
  socklen_t size = sizeof value;
  struct timeval limit = {1, 500000};
  RETURNS(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
  RETURNS(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &size), 0);
  CHECK_EQUAL(value, 1);
  RETURNS(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size), 0);
  RETURNS(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  RETURNS(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
  RETURNS(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){3000}, sizeof(int)), 0);
  FAILS(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, 4), EINVAL);
  FAILS(setsockopt(fd, SOL_SOCKET, 9999, &value, sizeof value), ENOPROTOOPT);
  FAILS(getsockopt(fd, SOL_SOCKET, 9999, &value, &size), ENOPROTOOPT);
  FAILS(getsockopt(900, SOL_SOCKET, SO_ERROR, &value, &size), EBADF);
  FAILS(setsockopt(0, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value), ENOTSOCK);
  char tail[2];  // a short buffer gets what fits
  size = 2;
  RETURNS(getsockopt(fd, SOL_SOCKET, SO_ERROR, tail, &size), 0);
  CHECK_EQUAL(size, 2);
}

static void look_up(const char* name, const char* service, int flags) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
  struct addrinfo* found = NULL;
  errno = kMarker;
  h_errno = 7;
  int result = getaddrinfo(name, service, &hints, &found);
  printf("getaddrinfo %s: %d errno %d h_errno %d\n", name ? name : "(null)", result, errno,
         h_errno);
  if (result == 0) {
    CHECK_EQUAL(found->ai_family, AF_INET);
    freeaddrinfo(found);
  }
}

static void old_look_ups(void) {
  struct hostent entry, *found = NULL;
  char space[1024];
  int error = 0;
  errno = kMarker;
  found = gethostbyname("127.0.0.1");
  printf("gethostbyname: %s errno %d\n", found ? found->h_name : "none", errno);
  errno = kMarker;
  found = gethostbyname2("127.0.0.2", AF_INET);
  printf("gethostbyname2: %s errno %d\n", found ? found->h_name : "none", errno);
  errno = kMarker;
  int result = gethostbyname_r("127.0.0.3", &entry, space, sizeof space, &found, &error);
  printf("gethostbyname_r: %d errno %d h_errno %d\n", result, errno, error);
  errno = kMarker;
  result = gethostbyname2_r("127.0.0.4", AF_INET, &entry, space, 1, &found, &error);
  printf("gethostbyname2_r: %d errno %d h_errno %d\n", result, errno, error);
}

int main(void) {
  int pair[2];
  loopback_pair(pair);
  options(pair[0]);
  look_up("127.0.0.1", "80", AI_NUMERICHOST | AI_NUMERICSERV);
  look_up("not a number", "80", AI_NUMERICHOST);
  look_up("localhost", NULL, 0);
  look_up(NULL, NULL, 0);
  look_up(NULL, "80", AI_PASSIVE);
  look_up("127.0.0.1", "no such service", 0);
  old_look_ups();
  errno = kMarker;
  CHECK(dlopen(NULL, RTLD_NOW) != NULL);
  CHECK_EQUAL(errno, kMarker);
  return check_status();
}
