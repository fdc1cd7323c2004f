// Every call that moves bytes, each as the one that begins a turn or brings the first byte of a
// reply. `end`: each as the one that finds the end.
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static char bytes[8];
static struct iovec two[2] = {{bytes, 1}, {bytes + 1, 2}};
static struct msghdr message = {.msg_iov = two, .msg_iovlen = 2};
static struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = two, .msg_iovlen = 2}},
                                     {.msg_hdr = {.msg_iov = two, .msg_iovlen = 2}}};
static int self, pipes[2];

static long by_send(int fd) { return send(fd, "abc", 3, 0); }
static long by_sendto(int fd) { return sendto(fd, "abc", 3, 0, NULL, 0); }
static long by_sendmsg(int fd) { return sendmsg(fd, &message, 0); }
static long by_sendmmsg(int fd) { return sendmmsg(fd, messages, 1, 0) * 3; }
static long by_write(int fd) { return write(fd, "abc", 3); }
static long by_writev(int fd) { return writev(fd, two, 2); }
static long by_sendfile(int fd) { return sendfile(fd, self, &(off_t){1}, 3); }
static long by_sendfile64(int fd) { return sendfile64(fd, self, &(off64_t){1}, 3); }
static long by_splice(int fd) {
  RETURNS(write(pipes[1], "abc", 3), 3);
  return splice(pipes[0], NULL, fd, NULL, 3, 0);
}

static long into_recv(int fd) { return recv(fd, bytes, sizeof bytes, 0); }
static long into_recvfrom(int fd) { return recvfrom(fd, bytes, sizeof bytes, 0, NULL, NULL); }
static long into_recvmsg(int fd) { return recvmsg(fd, &message, 0); }
// Only the first of two: the second would wait.
static long into_recvmmsg(int fd) {
  messages[0].msg_len = 77;
  return recvmmsg(fd, messages, 2, MSG_WAITFORONE, NULL) >= 1 ? (long)messages[0].msg_len : -1;
}
static long into_read(int fd) { return read(fd, bytes, sizeof bytes); }
static long into_readv(int fd) { return readv(fd, two, 2); }
static long into_splice(int fd) {
  const long got = splice(fd, NULL, pipes[1], NULL, 3, 0);
  if (got > 0) RETURNS(read(pipes[0], bytes, sizeof bytes), got);
  return got;
}
// In parts, after a look: the first byte is the one that is taken.
static long into_parts(int fd) {
  RETURNS(recv(fd, bytes, sizeof bytes, MSG_PEEK), 3);
  RETURNS(recv(fd, bytes, 0, 0), 0);
  RETURNS(recv(fd, bytes, 1, 0), 1);
  return 1 + recv(fd, bytes, sizeof bytes, 0);
}

typedef long (*Way)(int fd);
static const Way senders[] = {by_send,   by_sendto,   by_sendmsg,    by_sendmmsg, by_write,
                              by_writev, by_sendfile, by_sendfile64, by_splice};
static const Way receivers[] = {into_recv, into_recvfrom, into_recvmsg, into_recvmmsg,
                                into_read, into_readv,    into_splice,  into_parts};

static void send_and_receive(void) {
  const size_t count = sizeof senders / sizeof *senders;
  for (size_t i = 0; i < count; ++i) {
    int pair[2];
    loopback_pair(pair);
    RETURNS(senders[i](pair[0]), 3);
    RETURNS(recv(pair[1], bytes, 3, MSG_WAITALL), 3);
    RETURNS(send(pair[1], "xyz", 3, 0), 3);
    const size_t way = i % (sizeof receivers / sizeof *receivers);
    RETURNS(receivers[way](pair[0]), 3);
    RETURNS(close(pair[1]), 0);
    RETURNS(close(pair[0]), 0);
  }
}

static void find_the_end(void) {
  const size_t count = sizeof receivers / sizeof *receivers - 1;  // not in parts
  for (size_t i = 0; i < count; ++i) {
    int pair[2];
    loopback_pair(pair);
    RETURNS(send(pair[0], "abc", 3, 0), 3);
    RETURNS(recv(pair[1], bytes, 3, MSG_WAITALL), 3);
    RETURNS(close(pair[1]), 0);
    RETURNS(receivers[i](pair[0]), 0);
    RETURNS(close(pair[0]), 0);
  }
}

int main(int count, char** arguments) {
  self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  RETURNS(pipe2(pipes, O_CLOEXEC), 0);
  if (count > 1 && strcmp(arguments[1], "end") == 0) {
    find_the_end();
  } else {
    send_and_receive();
  }
  return check_status();
}
