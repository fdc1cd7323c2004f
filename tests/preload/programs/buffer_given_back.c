// Whoever receives bytes may give back the memory they were sent from, before the send has
// returned.
#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"
#include "support/thread.h"

enum { kRounds = 1500, kPage = 4096 };

static int pair[2];
static char* volatile buffer;

static void* give_back(void* argument) {
  char byte;
  if (recv(pair[1], &byte, 1, 0) == 1) munmap(buffer, kPage);
  return argument;
}

// The message and its list of pieces lie in the buffer, too.
static ssize_t send_message(void) {
  struct msghdr* message = (struct msghdr*)(buffer + 64);
  struct iovec* piece = (struct iovec*)(buffer + 256);
  *piece = (struct iovec){buffer, 1};
  *message = (struct msghdr){.msg_iov = piece, .msg_iovlen = 1};
  return sendmsg(pair[0], message, 0);
}

int main(void) {
  const int rounds = check_in_valgrind() ? 20 : kRounds;
  for (int i = 0; i < rounds; ++i) {
    loopback_pair(pair);
    buffer = mmap(NULL, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffer[0] = 'x';
    const pthread_t thread = thread_start(give_back, NULL);
    usleep(50);
    CHECK_EQUAL(i % 2 == 0 ? send(pair[0], buffer, 1, 0) : send_message(), 1);
    thread_join(thread);
    close(pair[0]);
    close(pair[1]);
  }
  return check_status();
}
