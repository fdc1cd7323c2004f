// Bytes in every shape: peeked, in parts, several messages at once, scattered, from a file, through
// a pipe. All of them arrive in order.
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static int client, server;

static void peeked_and_in_parts(void) {
  char bytes[16] = "";
  RETURNS(send(client, "0123456789", 10, 0), 10);
  RETURNS(recv(server, bytes, sizeof bytes, MSG_PEEK), 10);
  RETURNS(recv(server, bytes, 4, MSG_PEEK), 4);
  RETURNS(recv(server, bytes, 0, MSG_DONTWAIT),
          0);  // nothing asked for: not the end of the connection
  RETURNS(read(server, bytes, 3), 3);
  RETURNS(recv(server, bytes + 3, 3, MSG_WAITALL), 3);
  struct iovec pieces[3] = {{bytes + 6, 1}, {bytes + 7, 2}, {bytes + 9, 7}};
  RETURNS(readv(server, pieces, 3), 4);
  CHECK(memcmp(bytes, "0123456789", 10) == 0);
  FAILS(recv(server, bytes, 1, MSG_DONTWAIT), EAGAIN);
}

static void many_messages(void) {
  char first[4] = "abcd", second[4] = "efgh", got[2][4];
  struct iovec out[2] = {{first, 4}, {second, 4}}, in[2] = {{got[0], 4}, {got[1], 4}};
  struct mmsghdr send_two[2] = {{.msg_hdr = {.msg_iov = &out[0], .msg_iovlen = 1}},
                                {.msg_hdr = {.msg_iov = &out[1], .msg_iovlen = 1}}};
  struct mmsghdr receive_two[2] = {{.msg_hdr = {.msg_iov = &in[0], .msg_iovlen = 1}},
                                   {.msg_hdr = {.msg_iov = &in[1], .msg_iovlen = 1}}};
  RETURNS(sendmmsg(server, send_two, 2, MSG_NOSIGNAL), 2);
  RETURNS(recvmmsg(client, receive_two, 2, MSG_WAITALL, NULL), 2);
  CHECK(memcmp(got, "abcdefgh", 8) == 0);
  struct iovec pieces[2] = {{first, 2}, {second, 2}};
  RETURNS(writev(client, pieces, 2), 4);
  struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
  RETURNS(sendmsg(client, &message, 0), 4);
  RETURNS(recvmsg(server, &message, MSG_WAITALL), 4);
  RETURNS(recvfrom(server, got, 4, MSG_WAITALL, NULL, NULL), 4);
  CHECK(memcmp(got, "abef", 4) == 0);
}

static void without_a_buffer(void) {
  char got[8];
  int pipes[2], file = open("/proc/self/exe", O_RDONLY);
  RETURNS(sendfile(client, file, &(off_t){1}, 3), 3);
  RETURNS(read(server, got, sizeof got), 3);
  CHECK(memcmp(got, "ELF", 3) == 0);
  RETURNS(pipe2(pipes, O_CLOEXEC), 0);
  RETURNS(write(pipes[1], "pipe", 4), 4);
  RETURNS(splice(pipes[0], NULL, server, NULL, 4, SPLICE_F_MOVE), 4);
  RETURNS(splice(client, NULL, pipes[1], NULL, 8, SPLICE_F_MOVE), 4);
  RETURNS(read(pipes[0], got, sizeof got), 4);
  CHECK(memcmp(got, "pipe", 4) == 0);
}

int main(void) {
  int pair[2];
  char byte;
  loopback_pair(pair);
  client = pair[0];
  server = pair[1];
  peeked_and_in_parts();
  many_messages();
  without_a_buffer();
  RETURNS(close(server), 0);
  RETURNS(recv(client, &byte, 1, 0), 0);
  RETURNS(close(client), 0);
  return check_status();
}
