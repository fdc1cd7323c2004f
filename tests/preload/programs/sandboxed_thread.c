// A thread that comes after the filter sends on a connection from before it. It can record that
// where a thread before it has left its ring; where none has, it is counted.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static int pair[2];
static struct sockaddr_in closed;

static void* connect_once(void* argument) {
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  return argument;
}

static void* send_once(void* argument) {
  CHECK_EQUAL(send(pair[0], "s", 1, 0), 1);
  return argument;
}

int main(int count, char** arguments) {
  loopback_refuse(&closed);
  loopback_pair(pair);
  if (count > 1 && strcmp(arguments[1], "with_a_ring") == 0) {
    thread_join(thread_start(connect_once, NULL));
  }
  struct sock_filter steps[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {1, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    check_skip("seccomp filters are not permitted");
  }
  thread_join(thread_start(send_once, NULL));
  return check_status();
}
