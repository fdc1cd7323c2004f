// Memory that cannot be read in the middle of the main thread's stack, and below it beside a small
// stack that lies there: the kernel says EFAULT for pointers into it.
#include <alloca.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <ucontext.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

enum { kPage = 4096 };

static struct sockaddr_in listening;

static void refuse_all(void* hole) {
  int fd = loopback_socket(0);
  FAILS(connect(fd, hole, sizeof listening), EFAULT);
  FAILS(connect(fd, (void*)((char*)hole - 8), sizeof listening), EFAULT);
  FAILS(bind(fd, hole, sizeof listening), EFAULT);
  FAILS(sendto(fd, "x", 1, MSG_FASTOPEN, hole, sizeof listening), EFAULT);
  RETURNS(connect(fd, loopback_name(&listening), sizeof listening), 0);
  FAILS(send(fd, hole, 1, 0), EFAULT);
  int waiting = loopback_socket(SOCK_NONBLOCK);
  (void)!connect(waiting, loopback_name(&listening), sizeof listening);
  FAILS(select(waiting + 1, NULL, hole, NULL, &(struct timeval){0}), EFAULT);
  RETURNS(close(waiting), 0);
  RETURNS(close(fd), 0);
}

// A stack of one's own making may end with such a page.
static void in_the_stack(void) {
  char* room = alloca(4 * kPage);
  memset(room, 0, 4 * kPage);
  char* hole = (char*)(((uintptr_t)room + 2 * kPage) & ~(uintptr_t)(kPage - 1));
  RETURNS(mprotect(hole, kPage, PROT_NONE), 0);
  refuse_all(hole);
  RETURNS(mprotect(hole, kPage, PROT_READ | PROT_WRITE), 0);
  // Again readable, and read.
  int fd = loopback_socket(0);
  memcpy(hole, &listening, sizeof listening);
  RETURNS(connect(fd, (struct sockaddr*)hole, sizeof listening), 0);
  RETURNS(close(fd), 0);
}

static void* below;
static void run_below(void) { refuse_all(below); }

// Where the kernel lets the main thread's stack grow, and this one does not.
static void below_the_stack(void) {
  static ucontext_t here, there;
  const size_t size = 32 * kPage;
  char* wanted = (char*)(((uintptr_t)&wanted - (uintptr_t)(160 * kPage)) & ~(uintptr_t)(kPage - 1));
  char* stack = mmap(wanted, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (stack != wanted) check_skip("no room below the stack");
  below = stack + size + kPage;
  RETURNS(getcontext(&there), 0);
  there.uc_stack.ss_sp = stack;
  there.uc_stack.ss_size = size;
  there.uc_link = &here;
  makecontext(&there, run_below, 0);
  RETURNS(swapcontext(&here, &there), 0);
  RETURNS(munmap(stack, size), 0);
}

int main(int count, char** arguments) {
  if (check_in_valgrind()) check_skip("valgrind remarks on each question about a bad pointer");
  const int listener = loopback_listen(&listening, 16);
  if (count > 1 && strcmp(arguments[1], "below") == 0) {
    below_the_stack();
  } else {
    in_the_stack();
  }
  RETURNS(close(listener), 0);
  return check_status();
}
