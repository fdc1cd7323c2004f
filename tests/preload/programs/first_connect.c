// The first connection of a process, made where it is hard for us to begin recording, or where
// doing so could be noticed.
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static struct sockaddr_in closed;

static void connect_once(void) { CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED); }

// Sockets fail for a while, then there are descriptors again.
static void no_descriptor(void) {
  struct rlimit before, none;
  getrlimit(RLIMIT_NOFILE, &before);
  none = before;
  none.rlim_cur = 4;
  RETURNS(setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 20; ++i) FAILS(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
  RETURNS(setrlimit(RLIMIT_NOFILE, &before), 0);
  connect_once();
}

// A file server acts for somebody else, who may not write where we do; later for itself.
static void another_user(void) {
  if (geteuid() != 0) check_skip("only root may act for others");
  setfsuid(65534);
  connect_once();
  setfsuid(0);
  sleep_ms(1100);  // the next attempt of ours
  connect_once();
}

// Until the first child is there no thread can be made.
static void new_pids(void) {
  if (unshare(CLONE_NEWPID) != 0) check_skip("no new namespace of process ids here");
  connect_once();
}

static void* connect_alone(void* argument) {
  sleep_ms(20);  // the first thread is a zombie by then
  connect_once();
  exit(check_status());
  return argument;
}

static void leader_gone(void) {
  thread_start(connect_alone, NULL);
  pthread_exit(NULL);
}

static volatile sig_atomic_t told;
static void note(int signal) {
  (void)signal;
  told = 1;
}

// A process that closes a message queue, or a copy of its descriptor, is no longer told of
// messages.
static void notified(void) {
  char name[64];
  snprintf(name, sizeof name, "/first-connect-%d", (int)getpid());
  struct mq_attr sizes = {.mq_maxmsg = 4, .mq_msgsize = 16};
  const mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &sizes);
  if (queue < 0) check_skip("no message queues here");
  mq_unlink(name);
  signal(SIGUSR1, note);
  struct sigevent by_signal = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  RETURNS(mq_notify(queue, &by_signal), 0);
  connect_once();
  RETURNS(mq_send(queue, "x", 1, 0), 0);
  for (int i = 0; i < 500 && !told; ++i) sleep_ms(1);
  CHECK(told);
}

int main(int count, char** arguments) {
  static const struct {
    const char* name;
    void (*body)(void);
  } kinds[] = {{"no_descriptor", no_descriptor},
               {"another_user", another_user},
               {"new_pids", new_pids},
               {"leader_gone", leader_gone},
               {"notified", notified}};
  loopback_refuse(&closed);
  for (size_t i = 0; count > 1 && i < sizeof kinds / sizeof *kinds; ++i) {
    if (strcmp(arguments[1], kinds[i].name) == 0) kinds[i].body();
  }
  return check_status();
}
