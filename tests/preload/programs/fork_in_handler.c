// Forks out of a signal handler, which comes at any instant of a hook. The child returns from the
// handler into whatever was interrupted, and goes on as a process of its own. As often as the first
// argument says, in the way the second one names.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static volatile sig_atomic_t forks, is_child, killed, failed;
static const char* how = "fork";

static pid_t make_child(void) {
  if (strcmp(how, "_Fork") == 0) return _Fork();
  if (strcmp(how, "bare_fork") == 0) return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  return fork();
}

static void fork_here(int signal) {
  (void)signal;
  const int kept = errno;
  const pid_t child = make_child();
  if (child == 0) {
    is_child = 1;
  } else if (child > 0) {
    const int status = wait_for(child);
    if (status >= 128) ++killed;
    if (status != 0) ++failed;
    ++forks;
  }
  errno = kept;
}

// Nobody is there: hardly any time is spent in the kernel, and much of it in the hooks.
static int connect_to_nobody(void) {
  const struct sockaddr_un nobody = {.sun_family = AF_UNIX, .sun_path = "/nobody/is/here"};
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  errno = kMarker;
  const int result = connect(fd, (const struct sockaddr*)&nobody, sizeof nobody);
  const int error = errno;
  close(fd);
  return result == -1 ? error : 0;
}

int main(int count, char** arguments) {
  int wanted = count > 1 ? atoi(arguments[1]) : 1000;
  if (check_in_valgrind()) wanted /= 30;
  if (count > 2) how = arguments[2];
  struct sigaction action = {.sa_handler = fork_here, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  int made = -1;
  while (forks < wanted) {
    if (made != forks) {  // the next one comes somewhere in what follows
      made = forks;
      const struct itimerval soon = {.it_value = {0, 1 + rand() % 200}};
      setitimer(ITIMER_REAL, &soon, NULL);
    }
    const int error = connect_to_nobody();
    if (is_child) _exit(error == ENOENT && connect_to_nobody() == ENOENT ? 0 : 1);
    if (error != ENOENT) ++failed;
  }
  CHECK_EQUAL(killed, 0);
  CHECK_EQUAL(failed, 0);
  return check_status();
}
