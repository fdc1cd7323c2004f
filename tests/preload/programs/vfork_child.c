// What a child of vfork does to its descriptors before an exec, in its parent's memory: it puts a
// pipe in the connection's place and writes there, or gets the connection's number for a socket.
// Also where the parent is a fresh fork that has not touched a socket, and where a filter lets
// nobody ask who is who.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

static int pair[2], pipes[2];
static struct sockaddr_in closed;

static void write_elsewhere(void) {
  const pid_t child = vfork();
  if (child == 0) {
    dup2(pipes[1], pair[0]);
    _exit(write(pair[0], "hello", 5) == 5 ? 0 : 1);
  }
  CHECK_EQUAL(wait_for(child), 0);
}

static void make_another(void) {
  const pid_t child = vfork();
  if (child == 0) {
    close(pair[0]);
    int fd;
    do {
      fd = socket(AF_INET, SOCK_STREAM, 0);
    } while (fd >= 0 && fd != pair[0]);
    _exit(fd == pair[0] ? 0 : 1);
  }
  CHECK_EQUAL(wait_for(child), 0);
}

static void go_on(void) {
  char byte = 'g';
  RETURNS(send(pair[0], &byte, 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  RETURNS(send(pair[1], &byte, 1, 0), 1);
  RETURNS(recv(pair[0], &byte, 1, 0), 1);
}

static void in_fresh_fork(void) {
  const pid_t child = fork();
  if (child != 0) {
    CHECK_EQUAL(wait_for(child), 0);
    return;
  }
  const pid_t grandchild = vfork();
  if (grandchild == 0) _exit(close(socket(AF_INET, SOCK_STREAM, 0)));
  CHECK_EQUAL(wait_for(grandchild), 0);
  CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
  _exit(check_status());
}

static void allow_everything(void) {
  struct sock_filter steps[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog filter = {1, steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    check_skip("seccomp filters are not permitted");
  }
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "writes";
  loopback_refuse(&closed);
  if (strcmp(what, "of_fork") == 0) {
    CHECK_EQUAL(loopback_refused(&closed), ECONNREFUSED);
    in_fresh_fork();
    return check_status();
  }
  RETURNS(pipe(pipes), 0);
  loopback_pair(pair);
  if (strcmp(what, "writes") == 0) {
    write_elsewhere();
  } else if (strcmp(what, "makes_a_socket") == 0) {
    make_another();
  } else {
    allow_everything();
    make_another();
    write_elsewhere();
    go_on();
    return check_status();
  }
  go_on();
  RETURNS(close(pair[0]), 0);
  return check_status();
}
