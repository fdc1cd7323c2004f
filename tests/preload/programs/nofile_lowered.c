// The limit of open files lowered to what is in use, before the first connect (not one descriptor
// is left, for anybody) or after it. socket fails with EMFILE, everything that exists works.
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static void lower(rlim_t in_use) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = in_use;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(int count, char** arguments) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  if (count > 1 && strcmp(arguments[1], "after") == 0) {
    CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  }
  int first = loopback_socket(0), second = loopback_socket(0);
  lower((rlim_t)second + 1);
  FAILS(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
  FAILS(connect(first, loopback_name(&closed_address), sizeof closed_address), ECONNREFUSED);
  RETURNS(connect(first, loopback_name(&open_address), sizeof open_address), 0);
  FAILS(accept(listener, NULL, NULL), EMFILE);
  RETURNS(send(first, "x", 1, 0), 1);
  RETURNS(close(second), 0);
  RETURNS(accept(listener, NULL, NULL), second);
  RETURNS(close(second), 0);
  RETURNS(socket(AF_INET, SOCK_STREAM, 0), second);
  return check_status();
}
