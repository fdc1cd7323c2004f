// Calls that would close a connection, and fail: by flags that no kernel knows. The connection goes
// on.
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "close_range";
  int pair[2];
  char byte = 'f';
  loopback_pair(pair);
  if (strcmp(what, "close_range") == 0) {
    if (close_range(1000, 1001, 0) != 0) check_skip("the kernel has no close_range");
    const unsigned fd = (unsigned)pair[0];
    FAILS(close_range(fd, fd, 1), EINVAL);
    FAILS(close_range(fd + 1, fd, 0), EINVAL);
    FAILS(syscall(SYS_close_range, fd, fd, 1), EINVAL);
  } else {
    FAILS(dup3(pair[1], pair[0], O_NONBLOCK), EINVAL);
    FAILS(dup3(pair[0], pair[0], 0), EINVAL);
    FAILS(syscall(SYS_dup3, pair[1], pair[0], O_NONBLOCK), EINVAL);
  }
  RETURNS(send(pair[0], &byte, 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(send(pair[1], &byte, 1, 0), 1);
  RETURNS(recv(pair[0], &byte, 1, 0), 1);
  RETURNS(close(pair[0]), 0);
  return check_status();
}
