// Built with _FILE_OFFSET_BITS=64: fcntl is fcntl64 and sendfile is sendfile64 in such a program.
#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  struct sockaddr_in open_address;
  int listener = loopback_listen(&open_address, 4);
  int fd = loopback_socket(0);
  RETURNS(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
  FAILS(connect(fd, loopback_name(&open_address), sizeof open_address), EINPROGRESS);
  int server = (int)SUCCEEDS(accept(listener, NULL, NULL));
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  off_t offset = 1;
  char got[4] = "";
  RETURNS(sendfile(fd, file, &offset, 3), 3);
  CHECK_EQUAL(offset, 4);
  RETURNS(recv(server, got, 3, MSG_WAITALL), 3);
  CHECK(got[0] == 'E' && got[2] == 'F');
  int copy = (int)SUCCEEDS(fcntl(fd, F_DUPFD_CLOEXEC, 40));
  CHECK_EQUAL(copy, 40);
  RETURNS(close(fd), 0);
  RETURNS(send(copy, "z", 1, 0), 1);
  RETURNS(recv(server, got, 1, 0), 1);
  RETURNS(close(copy), 0);
  RETURNS(recv(server, got, 1, 0), 0);
  return check_status();
}
