// A server's side: a queue that fills, accepts in every form, descriptors that run out, copies of
// the listener, and a listener nobody saw being made.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kStorm = 2000 };

// `count` accepts that find no descriptor left.
static void out_of_descriptors(int listener, int count) {
  struct rlimit limit, none;
  RETURNS(getrlimit(RLIMIT_NOFILE, &limit), 0);
  none = limit;
  none.rlim_cur = 0;
  RETURNS(setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < count; ++i) FAILS(accept(listener, NULL, NULL), EMFILE);
  RETURNS(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void over_tcp(void) {
  struct sockaddr_in address;
  const int listener = loopback_listen(&address, 2);
  RETURNS(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
  FAILS(accept(listener, NULL, NULL), EAGAIN);
  int clients[3], served[3];
  for (int i = 0; i < 3; ++i) clients[i] = loopback_connect(&address);
  sleep_ms(60);
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  served[0] = (int)SUCCEEDS(accept(listener, (struct sockaddr*)&peer, &length));
  CHECK_EQUAL(length, sizeof peer);
  CHECK_EQUAL(fcntl(served[0], F_GETFD), 0);
  out_of_descriptors(listener, kStorm);
  served[1] = (int)SUCCEEDS(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
  CHECK_EQUAL(fcntl(served[1], F_GETFD), FD_CLOEXEC);
  const int copy = (int)SUCCEEDS(dup(listener));
  RETURNS(close(listener), 0);
  served[2] = (int)SUCCEEDS(accept4(copy, NULL, NULL, SOCK_NONBLOCK));
  FAILS(accept(copy, NULL, NULL), EAGAIN);
  for (int i = 0; i < 3; ++i) {
    char byte = 'a';
    RETURNS(send(clients[i], &byte, 1, 0), 1);
    RETURNS(recv(served[i], &byte, 1, 0), 1);
    RETURNS(close(clients[i]), 0);
    RETURNS(recv(served[i], &byte, 1, 0), 0);
    RETURNS(close(served[i]), 0);
  }
  RETURNS(shutdown(copy, SHUT_RDWR), 0);
  FAILS(accept(copy, NULL, NULL), EINVAL);
  RETURNS(close(copy), 0);
  FAILS(accept(copy, NULL, NULL), EBADF);
}

static void over_unix(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  socklen_t length = sizeof(sa_family_t);  // the kernel chooses a name
  const int listener = (int)SUCCEEDS(socket(AF_UNIX, SOCK_STREAM, 0));
  RETURNS(bind(listener, (struct sockaddr*)&name, length), 0);
  RETURNS(listen(listener, 4), 0);
  length = sizeof name;
  RETURNS(getsockname(listener, (struct sockaddr*)&name, &length), 0);
  const int client = (int)SUCCEEDS(socket(AF_UNIX, SOCK_STREAM, 0));
  RETURNS(connect(client, (struct sockaddr*)&name, length), 0);
  const int served = (int)SUCCEEDS(accept(listener, NULL, NULL));
  RETURNS(close(served), 0);
  RETURNS(close(client), 0);
  RETURNS(close_range((unsigned)listener, (unsigned)listener, 0), 0);
}

// A worker that inherits the listener by fork.
static void in_a_worker(void) {
  struct sockaddr_in address;
  const int listener = loopback_listen(&address, 4);
  const int client = loopback_connect(&address);
  const pid_t worker = fork();
  if (worker == 0) {
    const int served = (int)SUCCEEDS(accept(listener, NULL, NULL));
    RETURNS(close(served), 0);
    _exit(check_status());
  }
  CHECK_EQUAL(wait_for(worker), 0);
  RETURNS(close(client), 0);
  RETURNS(close(listener), 0);
}

int main(void) {
  FAILS(accept(-1, NULL, NULL), EBADF);
  FAILS(accept(0, NULL, NULL), ENOTSOCK);
  const int idle = (int)SUCCEEDS(socket(AF_INET, SOCK_STREAM, 0));
  FAILS(accept(idle, NULL, NULL), EINVAL);
  RETURNS(close(idle), 0);
  over_tcp();
  over_unix();
  in_a_worker();
  return check_status();
}
