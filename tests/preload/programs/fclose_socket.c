// A stream made of a socket: the C library reads, writes and closes it behind our back. The number
// comes back for another connection.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

int main(void) {
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4);
  loopback_refuse(&closed_address);
  int fd = loopback_connect(&open_address);
  int server = accept(listener, NULL, NULL);
  FILE* stream = fdopen(fd, "r+");
  char line[32] = "";
  CHECK(fputs("question\n", stream) >= 0);
  RETURNS(fflush(stream), 0);
  RETURNS(recv(server, line, sizeof line, 0), 9);
  RETURNS(send(server, "answer\n", 7, 0), 7);
  CHECK(fgets(line, sizeof line, stream) != NULL);
  CHECK(strcmp(line, "answer\n") == 0);
  RETURNS(fclose(stream), 0);
  RETURNS(recv(server, line, sizeof line, 0), 0);

  int again = loopback_socket(0);
  CHECK_EQUAL(again, fd);
  FAILS(connect(again, loopback_name(&closed_address), sizeof closed_address), ECONNREFUSED);
  RETURNS(close(again), 0);
  FILE* memory = fopen("/dev/null", "w");
  RETURNS(fclose(memory), 0);
  return check_status();
}
