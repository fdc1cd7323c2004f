// posix_spawn with file actions: close and dup2 happen inside the C library, in a child that shares
// our memory.
#include <spawn.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

int main(int count, char** arguments) {
  struct sockaddr_in closed;
  int pair[2];
  char byte = 0;
  loopback_refuse(&closed);
  if (count > 1) {
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
    RETURNS(send(STDIN_FILENO, "c", 1, 0), 1);
    return check_status();
  }
  loopback_pair(pair);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pair[0], STDIN_FILENO);
  posix_spawn_file_actions_addclose(&actions, pair[0]);
  char* child_arguments[] = {arguments[0], "child", NULL};
  for (int i = 0; i < 3; ++i) {
    pid_t child = 0;
    CHECK_EQUAL(posix_spawn(&child, "/proc/self/exe", &actions, NULL, child_arguments, environ), 0);
    CHECK_EQUAL(wait_for(child), 0);
    RETURNS(recv(pair[1], &byte, 1, 0), 1);
  }
  posix_spawn_file_actions_destroy(&actions);
  RETURNS(send(pair[0], "p", 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(close(pair[0]), 0);
  return check_status();
}
