// A process that is stopped stops, and who waits for that is told, whatever its threads are doing:
// starting programs, making the first connection.
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kRounds = 12 };

static struct sockaddr_in closed;

static void* start_programs(void* argument) {
  char* words[] = {"true", NULL};
  for (;;) {
    pid_t child;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, words, environ) == 0) wait_for(child);
  }
  return argument;
}

static void* fail_to_become_one(void* argument) {
  char* words[] = {"true", NULL};
  for (;;) execve("/bin", words, environ);
  return argument;
}

static void* connect_once(void* argument) {
  loopback_refused(&closed);
  for (;;) pause();
  return argument;
}

static bool stops(pid_t process) {
  int status = 0;
  for (int i = 0; i < 5000; ++i) {
    if (waitpid(process, &status, WUNTRACED | WNOHANG) == process) return WIFSTOPPED(status);
    sleep_ms(1);
  }
  return false;
}

static void stop_while(void* (*body)(void*), unsigned most_us) {
  for (int i = 0; i < kRounds; ++i) {
    const pid_t process = fork();
    if (process == 0) {
      alarm(30);  // whatever becomes of the test
      thread_start(body, NULL);
      for (;;) pause();
    }
    usleep((useconds_t)rand() % most_us);
    kill(process, SIGSTOP);
    CHECK(stops(process));
    kill(process, SIGCONT);
    sleep_ms(20);  // what it was about to record is recorded
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
  }
}

int main(void) {
  loopback_refuse(&closed);
  stop_while(start_programs, 6000);
  stop_while(fail_to_become_one, 6000);
  stop_while(connect_once, 1000);
  return check_status();
}
