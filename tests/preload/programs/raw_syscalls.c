// syscall() with nought to six arguments, through which libuv closes and some runtimes do
// everything: all arguments arrive, result and errno come back, and a close or connect made this
// way is seen, and so are the others that close.
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

// The number becomes a file, and what is written there is no send.
static void write_to_file(int fd) {
  RETURNS(write(fd, "hello", 5), 5);
  RETURNS(close(fd), 0);
}

static void replace_by_bare_calls(const struct sockaddr_in* address) {
  int file = open("/dev/null", O_RDWR), fd;
#ifdef SYS_dup2
  fd = loopback_connect(address);
  RETURNS(syscall(SYS_dup2, file, fd), fd);
  write_to_file(fd);
#endif
  fd = loopback_connect(address);
  RETURNS(syscall(SYS_dup3, file, fd, O_CLOEXEC), fd);
  write_to_file(fd);
  fd = loopback_connect(address);
  RETURNS(syscall(SYS_close_range, fd, fd, 0), 0);
  RETURNS(open("/dev/null", O_RDWR), fd);
  write_to_file(fd);
}

int main(void) {
  struct sockaddr_in open_address, closed_address;
  loopback_listen(&open_address, 8);
  loopback_refuse(&closed_address);
  RETURNS(syscall(SYS_getpid), getpid());
  RETURNS(syscall(SYS_gettid), getpid());
  char* memory = (char*)SUCCEEDS(
      syscall(SYS_mmap, NULL, 8192L, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L));
  memory[8191] = 'm';
  RETURNS(syscall(SYS_munmap, memory, 8192L), 0);
  FAILS(syscall(SYS_mmap, NULL, 4096L, PROT_READ, MAP_PRIVATE, -1L, 0L), EBADF);
  int word = 1;
  struct timespec brief = {0, 1000000};
  FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &brief, NULL, 0), EAGAIN);
  FAILS(
      syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 1, &(struct timespec){1, 0}, NULL, 0x10),
      ETIMEDOUT);
  FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 1, &brief, NULL, 0),
        EINVAL);  // the sixth counts

  int fd = (int)SUCCEEDS(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  FAILS(syscall(SYS_connect, fd, &closed_address, sizeof closed_address), ECONNREFUSED);
  RETURNS(syscall(SYS_close, fd), 0);
  FAILS(syscall(SYS_close, fd), EBADF);

  int again = loopback_socket(0);
  CHECK_EQUAL(again, fd);
  RETURNS(connect(again, loopback_name(&open_address), sizeof open_address), 0);
  RETURNS(send(again, "x", 1, 0), 1);
  RETURNS(syscall(SYS_close, again), 0);
  CHECK_EQUAL(loopback_refused(&closed_address), ECONNREFUSED);
  replace_by_bare_calls(&open_address);
  return check_status();
}
