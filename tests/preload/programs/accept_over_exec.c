// A listener made before an exec and used after it, as inetd-like servers do: nothing of its birth
// was seen by this process image.
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(int count, char** arguments) {
  const int inherited = 50, inherited_client = 51;
  if (count == 1) {
    struct sockaddr_in address;
    int listener = loopback_listen(&address, 4);
    int client = loopback_connect(&address);
    RETURNS(dup2(listener, inherited), inherited);
    RETURNS(dup2(client, inherited_client), inherited_client);
    char* next[] = {arguments[0], "again", NULL};
    execv("/proc/self/exe", next);
    return 1;
  }
  char byte = 'a';
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  int server = (int)SUCCEEDS(accept(inherited, (struct sockaddr*)&peer, &length));
  CHECK_EQUAL(peer.sin_family, AF_INET);
  RETURNS(send(inherited_client, &byte, 1, 0), 1);
  RETURNS(recv(server, &byte, 1, 0), 1);
  RETURNS(send(server, "b", 1, 0), 1);
  RETURNS(recv(inherited_client, &byte, 1, 0), 1);
  CHECK_EQUAL(byte, 'b');
  RETURNS(close(server), 0);
  RETURNS(recv(inherited_client, &byte, 1, 0), 0);
  return check_status();
}
