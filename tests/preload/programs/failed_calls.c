// Calls that fail before there is a connection: no descriptor left, a protocol that does not exist,
// an address that is taken, sets that are too small.
#include <arpa/inet.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

enum { kHigh = 1100, kWords = 32 };

static void no_descriptors(void) {
  struct rlimit before, none;
  getrlimit(RLIMIT_NOFILE, &before);
  none = before;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  FAILS(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
  FAILS(socket(AF_INET6, SOCK_STREAM, 0), EMFILE);
  setrlimit(RLIMIT_NOFILE, &before);
}

static void taken_addresses(void) {
  struct sockaddr_in address, elsewhere;
  loopback_listen(&address, 4);
  int second = loopback_socket(0);
  FAILS(bind(second, loopback_name(&address), sizeof address), EADDRINUSE);
  FAILS(bind(second, NULL, sizeof address), EFAULT);
  FAILS(bind(second, loopback_name(&address), 1), EINVAL);
  elsewhere = address;
  elsewhere.sin_port = 0;
  inet_pton(AF_INET, "192.0.2.1", &elsewhere.sin_addr);
  FAILS(bind(second, loopback_name(&elsewhere), sizeof elsewhere), EADDRNOTAVAIL);
}

// Two sockets may share an address as long as neither listens.
static void taken_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  int on = 1, first = loopback_socket(0), second = loopback_socket(0);
  setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  RETURNS(bind(first, loopback_name(&address), length), 0);
  RETURNS(getsockname(first, (struct sockaddr*)&address, &length), 0);
  RETURNS(bind(second, loopback_name(&address), length), 0);
  RETURNS(listen(first, 4), 0);
  FAILS(listen(second, 4), EADDRINUSE);
}

static void beyond_set(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max <= kHigh + 1) check_skip("the limit of open files is too low");
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  unsigned long in[kWords] = {0};
  struct timeval now = {0, 0};
  RETURNS(dup2(STDIN_FILENO, kHigh), kHigh);
  RETURNS(select(kHigh + 1, (fd_set*)in, NULL, NULL, &now), 0);
  RETURNS(select(kHigh + 1, (fd_set*)in, NULL, NULL, &now), 0);
  // Perl passes whole bytes; a limit of descriptors has nothing open before it.
  RETURNS(dup2(STDIN_FILENO, kHigh + 1), kHigh + 1);
  RETURNS(select(kHigh + 1 + 8, (fd_set*)in, NULL, NULL, &now), 0);
  RETURNS(select(kHigh + 1 + 9, (fd_set*)in, NULL, NULL, &now), 0);
  RETURNS(close(kHigh + 1), 0);
  RETURNS(close(kHigh), 0);
}

int main(void) {
  FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
  FAILS(socket(AF_NETLINK, SOCK_RAW, 9999), EPROTONOSUPPORT);  // of no network: not told
  no_descriptors();
  taken_addresses();
  taken_port();
  beyond_set();
  return check_status();
}
