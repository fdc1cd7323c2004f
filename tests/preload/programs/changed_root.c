// A server that changes its root before the first connect: the run directory is out of reach, the
// recording perhaps impossible, the program goes on. Nothing may appear in the new root.
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

int main(void) {
  char folder[] = "/tmp/changed-root-XXXXXX";
  struct sockaddr_in open_address, closed_address;
  int listener = loopback_listen(&open_address, 4), pipes[2];
  loopback_refuse(&closed_address);
  if (geteuid() != 0) check_skip("only root may change its root");
  if (mkdtemp(folder) == NULL || pipe(pipes) != 0) return 1;
  DIR* entries = opendir(folder);
  pid_t keeper = fork();  // still has the old root when the work is done, to remove the folder
  if (keeper == 0) {
    char end;
    close(pipes[1]);
    _exit(read(pipes[0], &end, 1) == 0 && rmdir(folder) == 0 ? 0 : 1);
  }
  RETURNS(chroot(folder), 0);
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  CHECK_EQUAL(loopback_exchange(&open_address, listener), 0);
  int count = 0;
  while (readdir(entries) != NULL) ++count;
  CHECK_EQUAL(count, 2);  // "." and ".."
  close(pipes[1]);
  CHECK_EQUAL(wait_for(keeper), 0);  // and rmdir found it empty
  return check_status();
}
