// A thread that gives itself a table of descriptors of its own: its number is a file, the others'
// still the connection. Alone in its process a thread that asks for one has it already.
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kUnshareFirst = 1 << 1 };  // CLOSE_RANGE_UNSHARE

static int pair[2];
static const char* how;

static void* apart(void* argument) {
  if (strcmp(how, "close_range") == 0) {
    RETURNS(close_range((unsigned)pair[0], (unsigned)pair[0], kUnshareFirst), 0);
  } else if (strcmp(how, "bare_unshare") == 0) {
    RETURNS(syscall(SYS_unshare, CLONE_FILES), 0);
  } else {
    RETURNS(unshare(CLONE_FILES), 0);
  }
  int file = open("/dev/null", O_RDWR);
  if (file != pair[0]) CHECK_EQUAL(dup2(file, pair[0]), pair[0]);
  CHECK_EQUAL(write(pair[0], "hello", 5), 5);
  CHECK_EQUAL(close(pair[0]), 0);
  return argument;
}

int main(int count, char** arguments) {
  how = count > 1 ? arguments[1] : "unshare";
  char byte = 'o';
  loopback_pair(pair);
  if (close_range(1000, 1001, 0) != 0) check_skip("the kernel has no close_range");
  if (strcmp(how, "alone") == 0) {
    RETURNS(unshare(CLONE_FILES), 0);
  } else {
    thread_join(thread_start(apart, NULL));
  }
  RETURNS(send(pair[0], &byte, 1, 0), 1);
  RETURNS(recv(pair[1], &byte, 1, 0), 1);
  if (strcmp(how, "alone") == 0) {
    RETURNS(close_range((unsigned)pair[0], (unsigned)pair[0], kUnshareFirst), 0);
  } else {
    RETURNS(close(pair[0]), 0);
  }
  return check_status();
}
