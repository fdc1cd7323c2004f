// Becomes and starts programs no library can be loaded into, with its environment as it is: they
// run as ever.
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/thread.h"

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    char* words[] = {arguments[i], NULL};
    pid_t pid = 0;
    CHECK_EQUAL(posix_spawn(&pid, arguments[i], NULL, NULL, words, environ), 0);
    CHECK_EQUAL(wait_for(pid), 0);
    pid = fork();
    if (pid == 0) {
      execv(arguments[i], words);
      _exit(127);
    }
    CHECK_EQUAL(wait_for(pid), 0);
  }
  return check_status();
}
