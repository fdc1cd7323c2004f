// Sockets on numbers that break fixed tables: standard output's, around FD_SETSIZE, a hundred
// thousand, a million.
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static struct sockaddr_in open_address;
static int listener;

static void use(int number) {
  int made = loopback_socket(SOCK_NONBLOCK);
  if (made != number) {
    RETURNS(dup2(made, number), number);
    RETURNS(close(made), 0);
  }
  FAILS(connect(number, loopback_name(&open_address), sizeof open_address), EINPROGRESS);
  struct pollfd wait = {.fd = number, .events = POLLOUT};
  RETURNS(poll(&wait, 1, 1000), 1);
  int error = 1;
  socklen_t size = sizeof error;
  RETURNS(getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size), 0);
  CHECK_EQUAL(error, 0);
  int server = (int)SUCCEEDS(accept(listener, NULL, NULL));
  char byte;
  RETURNS(send(number, "n", 1, 0), 1);
  RETURNS(recv(server, &byte, 1, 0), 1);
  RETURNS(close(server), 0);
  RETURNS(close(number), 0);
  FAILS(close(number), EBADF);
}

int main(void) {
  listener = loopback_listen(&open_address, 4);
  int kept = dup(STDOUT_FILENO);
  close(STDOUT_FILENO);
  use(STDOUT_FILENO);
  dup2(kept, STDOUT_FILENO);

  const int numbers[] = {1023, 1024, 1025, 4096, 100000, 1000000};
  for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; ++i) {
    const rlim_t needed = (rlim_t)numbers[i] + 1;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < needed) {
      limit = (struct rlimit){needed, limit.rlim_max > needed ? limit.rlim_max : needed};
      if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        printf("not tried: %d, the limit of open files cannot be raised here\n", numbers[i]);
        continue;
      }
    }
    use(numbers[i]);
  }
  return check_status();
}
