// A message of no bytes on a socket that keeps messages apart: it looks like the end of a stream,
// and more comes after it.
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t length = sizeof address;
  char byte = 'e';
  int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  // An address of the kernel's choice.
  RETURNS(bind(listener, (struct sockaddr*)&address, offsetof(struct sockaddr_un, sun_path)), 0);
  RETURNS(getsockname(listener, (struct sockaddr*)&address, &length), 0);
  RETURNS(listen(listener, 1), 0);
  int client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  RETURNS(connect(client, (struct sockaddr*)&address, length), 0);
  int server = accept(listener, NULL, NULL);
  RETURNS(send(server, &byte, 0, 0), 0);
  RETURNS(recv(client, &byte, 1, 0), 0);
  RETURNS(send(server, &byte, 1, 0), 1);
  RETURNS(recv(client, &byte, 1, 0), 1);
  RETURNS(close(client), 0);
  return check_status();
}
