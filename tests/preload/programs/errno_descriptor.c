// errno after every call that changes what a number means.
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int __close(int fd);
int __dup2(int from, int to);
int __fcntl(int fd, int command, ...);
int fcntl64(int fd, int command, ...);

int main(void) {
  int pair[2];
  loopback_pair(pair);
  int beyond = (int)sysconf(_SC_OPEN_MAX);

  FAILS(close(-1), EBADF);
  FAILS(close(900), EBADF);
  FAILS(__close(900), EBADF);
  FAILS(dup(900), EBADF);
  FAILS(dup2(900, 5), EBADF);
  FAILS(__dup2(pair[0], -1), EBADF);
  FAILS(dup2(pair[0], beyond), EBADF);
  FAILS(dup3(pair[0], pair[0], 0), EINVAL);
  FAILS(dup3(pair[0], 50, 0x12345), EINVAL);
  int copy = (int)SUCCEEDS(dup(pair[0]));
  RETURNS(dup2(pair[0], 60), 60);
  RETURNS(dup2(pair[0], pair[0]), pair[0]);
  RETURNS(dup3(pair[0], 61, O_CLOEXEC), 61);
  RETURNS(__dup2(pair[0], 62), 62);
  RETURNS(__close(62), 0);

  FAILS(fcntl(900, F_GETFL), EBADF);
  FAILS(fcntl(pair[0], 9999, 0), EINVAL);
  FAILS(fcntl(pair[0], F_DUPFD, beyond), EINVAL);
  RETURNS(fcntl(pair[0], F_DUPFD, 70), 70);
  RETURNS(fcntl(pair[0], F_DUPFD_CLOEXEC, 70), 71);
  RETURNS(fcntl(71, F_GETFD), FD_CLOEXEC);
  RETURNS(fcntl(pair[0], F_SETFL, O_RDWR | O_NONBLOCK), 0);
  RETURNS(fcntl(pair[0], F_GETFL), O_RDWR | O_NONBLOCK);
  RETURNS(__fcntl(pair[0], F_GETFD), FD_CLOEXEC);
  RETURNS(fcntl64(pair[0], F_SETFL, O_RDWR), 0);
  FAILS(fcntl64(900, F_GETFL), EBADF);
  struct flock lock = {.l_type = F_WRLCK};  // a pointer argument has to arrive whole
  RETURNS(fcntl(pair[0], F_GETLK, &lock), 0);
  CHECK_EQUAL(lock.l_type, F_UNLCK);

  FILE* stream = fdopen(copy, "r+");
  RETURNS(fclose(stream), 0);
  FAILS(close(copy), EBADF);
  FILE* broken = fdopen(70, "r");
  RETURNS(close(70), 0);
  FAILS(fclose(broken), EBADF);

  RETURNS(syscall(SYS_getpid), getpid());
  FAILS(syscall(SYS_close, 900), EBADF);
  FAILS(syscall(99999), ENOSYS);
  RETURNS(syscall(SYS_close, 71), 0);

  FAILS(close_range(10, 5, 0), EINVAL);
  FAILS(close_range(10, 20, 0x4000), EINVAL);
  RETURNS(close_range(60, 61, 0), 0);
  FAILS(close(60), EBADF);
  errno = kMarker;
  closefrom(50);
  CHECK_EQUAL(errno, kMarker);
  RETURNS(close(pair[0]), 0);
  RETURNS(close(pair[1]), 0);
  return check_status();
}
