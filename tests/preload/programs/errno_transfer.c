// errno after every call that moves bytes.
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

ssize_t __send(int fd, const void* bytes, size_t size, int flags);
ssize_t __read(int fd, void* bytes, size_t size);
ssize_t __write(int fd, const void* bytes, size_t size);

static char bytes[8] = "abcdefg";
static struct iovec pieces[2] = {{bytes, 2}, {bytes + 2, 2}};

static struct msghdr* message(struct msghdr* header) {
  *header = (struct msghdr){.msg_iov = pieces, .msg_iovlen = 2};
  return header;
}

static void sends(int from, int to) {
  struct msghdr header;
  struct mmsghdr two[2] = {{.msg_hdr = *message(&header)}, {.msg_hdr = header}};
  char sink[64];
  RETURNS(send(from, bytes, 3, 0), 3);
  RETURNS(__send(from, bytes, 3, MSG_NOSIGNAL), 3);
  RETURNS(sendto(from, bytes, 3, 0, NULL, 0), 3);
  RETURNS(sendmsg(from, message(&header), 0), 4);
  RETURNS(sendmmsg(from, two, 2, 0), 2);
  RETURNS(write(from, bytes, 3), 3);
  RETURNS(__write(from, bytes, 3), 3);
  RETURNS(writev(from, pieces, 2), 4);
  RETURNS(recv(to, sink, 31, MSG_WAITALL), 31);
  FAILS(send(900, bytes, 3, 0), EBADF);
  FAILS(send(STDIN_FILENO, bytes, 3, 0), ENOTSOCK);
  FAILS(sendto(900, bytes, 3, 0, NULL, 0), EBADF);
  FAILS(sendmsg(900, message(&header), 0), EBADF);
  FAILS(sendmmsg(900, two, 2, 0), EBADF);
  FAILS(write(900, bytes, 3), EBADF);
  FAILS(writev(900, pieces, 2), EBADF);
  FAILS(writev(from, pieces, -1), EINVAL);
}

static void receives(int from, int to) {
  struct msghdr header;
  struct mmsghdr two[2] = {{.msg_hdr = *message(&header)}, {.msg_hdr = header}};
  char got[8];
  FAILS(recv(to, got, 1, MSG_DONTWAIT), EAGAIN);
  FAILS(recvfrom(to, got, 1, MSG_DONTWAIT, NULL, NULL), EAGAIN);
  FAILS(recvmsg(to, message(&header), MSG_DONTWAIT), EAGAIN);
  FAILS(recvmmsg(to, two, 2, MSG_DONTWAIT, NULL), EAGAIN);
  FAILS(recv(900, got, 1, 0), EBADF);
  FAILS(recvfrom(900, got, 1, 0, NULL, NULL), EBADF);
  FAILS(recvmsg(900, message(&header), 0), EBADF);
  FAILS(recvmmsg(900, two, 2, 0, NULL), EBADF);
  FAILS(read(900, got, 1), EBADF);
  FAILS(readv(900, pieces, 2), EBADF);
  send(from, "0123456789abcdef", 16, 0);
  RETURNS(recv(to, got, 2, 0), 2);
  RETURNS(recvfrom(to, got, 2, 0, NULL, NULL), 2);
  RETURNS(read(to, got, 2), 2);
  RETURNS(__read(to, got, 2), 2);
  CHECK(memcmp(got, "67", 2) == 0);
  RETURNS(readv(to, pieces, 2), 4);
  RETURNS(recvmsg(to, message(&header), 0), 4);
  send(from, "0123", 4, 0);
  RETURNS(recvmmsg(to, two, 2, MSG_DONTWAIT, NULL), 1);
  CHECK_EQUAL(two[0].msg_len, 4);
}

static void files(int from, int to) {
  char got[8];
  int pipes[2];
  off_t offset = 0;
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  RETURNS(pipe(pipes), 0);
  RETURNS(sendfile(from, file, &offset, 4), 4);
  CHECK_EQUAL(offset, 4);
  FAILS(sendfile(900, file, NULL, 4), EBADF);
  FAILS(sendfile(from, 900, NULL, 4), EBADF);
  RETURNS(sendfile64(from, file, NULL, 4), 4);
  RETURNS(recv(to, got, 8, MSG_WAITALL), 8);
  CHECK(memcmp(got, "\177ELF\177ELF", 8) == 0);
  RETURNS(write(pipes[1], bytes, 4), 4);
  RETURNS(splice(pipes[0], NULL, from, NULL, 4, 0), 4);
  RETURNS(splice(to, NULL, pipes[1], NULL, 4, 0), 4);
  RETURNS(read(pipes[0], got, 8), 4);
  FAILS(splice(900, NULL, from, NULL, 4, 0), EBADF);
  FAILS(splice(to, NULL, from, NULL, 4, 0), EINVAL);
}

int main(void) {
  int pair[2];
  char got[8];
  loopback_pair(pair);
  sends(pair[0], pair[1]);
  receives(pair[0], pair[1]);
  files(pair[0], pair[1]);
  close(pair[1]);
  RETURNS(recv(pair[0], got, 1, 0), 0);
  RETURNS(send(pair[0], bytes, 1, MSG_NOSIGNAL), 1);
  FAILS(send(pair[0], bytes, 1, MSG_NOSIGNAL), EPIPE);
  return check_status();
}
