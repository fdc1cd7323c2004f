// Datagrams to a peer that only the send names: a client's first words, by three calls; a server
// that answers from a port of its choice; one that is refused, on a socket that is used again.
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static int datagram_socket(int flags) {
  return (int)SUCCEEDS(socket(AF_INET, SOCK_DGRAM | flags, 0));
}

// As number 77, on a port that was free a moment ago.
static int serve(struct sockaddr_in* name) {
  *name = (struct sockaddr_in){.sin_family = AF_INET};
  name->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int probe = datagram_socket(0);
  RETURNS(bind(probe, loopback_name(name), sizeof *name), 0);
  RETURNS(getsockname(probe, (struct sockaddr*)name, &(socklen_t){sizeof *name}), 0);
  RETURNS(close(probe), 0);
  int made = datagram_socket(0);
  int server = (int)SUCCEEDS(dup2(made, 77));
  RETURNS(close(made), 0);
  RETURNS(bind(server, loopback_name(name), sizeof *name), 0);
  return server;
}

int main(void) {
  struct sockaddr_in to, from;
  const int server = serve(&to);
  char byte = 'q';
  int one = datagram_socket(0);
  RETURNS(sendto(one, &byte, 1, 0, loopback_name(&to), sizeof to), 1);
  RETURNS(sendto(one, &byte, 1, 0, loopback_name(&to), sizeof to), 1);
  RETURNS(recvfrom(server, &byte, 1, 0, (struct sockaddr*)&from, &(socklen_t){sizeof from}), 1);
  RETURNS(sendto(server, &byte, 1, 0, loopback_name(&from), sizeof from), 1);
  RETURNS(recvfrom(one, &byte, 1, 0, NULL, NULL), 1);
  RETURNS(close(one), 0);

  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
  struct sockaddr_in any_port = {.sin_family = AF_INET};
  int two = datagram_socket(0);
  RETURNS(bind(two, loopback_name(&any_port), sizeof any_port), 0);  // a client all the same
  RETURNS(sendmsg(two, &message, 0), 1);
  RETURNS(close(two), 0);

  struct sockaddr_in everybody = {.sin_family = AF_INET, .sin_port = to.sin_port};
  everybody.sin_addr.s_addr = htonl(0x7fffffff);  // 127.255.255.255, without SO_BROADCAST
  struct mmsghdr messages = {.msg_hdr = message};
  int three = datagram_socket(SOCK_NONBLOCK);
  FAILS(sendto(three, &byte, 1, 0, NULL, 0), EDESTADDRREQ);  // names nobody: nothing to tell
  FAILS(sendto(three, &byte, 1, 0, loopback_name(&everybody), sizeof everybody), EACCES);
  RETURNS(sendmmsg(three, &messages, 1, 0), 1);
  RETURNS(close(three), 0);
  RETURNS(close(server), 0);
  return check_status();
}
