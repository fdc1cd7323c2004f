// Pointers the kernel answers with EFAULT, and address lengths it answers with EINVAL: the
// program's right.
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/check.h"
#include "support/loopback.h"

static char* edge;  // the last byte before it can be read, itself it cannot

static void addresses(void) {
  struct sockaddr_in address;
  loopback_listen(&address, 16);
  const struct sockaddr* bad = (const struct sockaddr*)edge;
  int fd = loopback_socket(0);
  FAILS(connect(fd, bad, sizeof address), EFAULT);
  FAILS(connect(fd, NULL, sizeof address), EFAULT);
  FAILS(connect(fd, bad, 0), EINVAL);
  FAILS(connect(fd, NULL, 0), EINVAL);
  FAILS(bind(fd, bad, sizeof address), EFAULT);
  const struct sockaddr* wraps = (const struct sockaddr*)MAP_FAILED;  // its range does
  FAILS(connect(fd, wraps, sizeof address), EFAULT);
  FAILS(bind(fd, wraps, sizeof address), EFAULT);
  char* last = edge - sizeof address;
  memcpy(last, &address, sizeof address);
  const struct sockaddr* tight = (const struct sockaddr*)last;
  FAILS(connect(fd, tight, 1), EINVAL);
  FAILS(connect(fd, tight, 15), EINVAL);
  FAILS(connect(fd, tight, 28), EFAULT);  // says more than there is
  FAILS(connect(fd, (struct sockaddr*)&address, (socklen_t)-1), EINVAL);
  FAILS(connect(fd, (struct sockaddr*)&address, 129), EINVAL);
  RETURNS(connect(fd, tight, sizeof address), 0);
  // Two bytes that say AF_UNSPEC, at the very end: disconnects.
  memset(edge - 2, 0, 2);
  RETURNS(connect(fd, (const struct sockaddr*)(edge - 2), 2), 0);

  struct sockaddr_storage wide = {0};
  memcpy(&wide, &address, sizeof address);
  RETURNS(connect(fd, (struct sockaddr*)&wide, sizeof wide), 0);
  FAILS(getpeername(fd, (struct sockaddr*)edge, &(socklen_t){16}), EFAULT);
  FAILS(getpeername(fd, (struct sockaddr*)&wide, (socklen_t*)edge), EFAULT);
  wide.ss_family = 0xaaaa;
  RETURNS(getpeername(fd, (struct sockaddr*)&wide, &(socklen_t){0}), 0);
  CHECK_EQUAL(wide.ss_family, 0xaaaa);
  close(fd);
}

// Refused before the name is read, which has no end.
static void names(void) {
  const struct addrinfo hints = {.ai_flags = 1 << 30};
  struct addrinfo* found;
  memset(edge - 3, 'x', 3);
  CHECK_EQUAL(getaddrinfo(edge - 3, edge - 3, &hints, &found), EAI_BADFLAGS);
}

static void accepting(void) {
  struct sockaddr_in address;
  int listener = loopback_listen(&address, 16);
  for (int i = 0; i < 4; ++i) loopback_connect(&address);
  struct sockaddr_in peer;
  FAILS(accept(listener, (struct sockaddr*)edge, &(socklen_t){16}), EFAULT);
  FAILS(accept(listener, (struct sockaddr*)&peer, (socklen_t*)edge), EFAULT);
  FAILS(accept4(listener, (struct sockaddr*)&peer, &(socklen_t){-1}, 0), EINVAL);
  SUCCEEDS(accept(listener, (struct sockaddr*)(edge - 4), &(socklen_t){4}));
}

static void waits(int fd) {
  struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
  FAILS(poll((struct pollfd*)edge, 1, 0), EFAULT);
  FAILS(poll(NULL, 1, 0), EFAULT);
  struct pollfd* tight = (struct pollfd*)(edge - sizeof *tight);
  *tight = (struct pollfd){.fd = fd, .events = POLLOUT};
  FAILS(poll(tight, 2, 0), EFAULT);
  RETURNS(poll(tight, 1, 0), 1);
  FAILS(ppoll((struct pollfd*)edge, 1, &(struct timespec){0, 0}, NULL), EFAULT);
  FAILS(ppoll(tight, 1, &(struct timespec){0, 0}, (const sigset_t*)edge), EFAULT);
  FAILS(select(fd + 1, (fd_set*)edge, NULL, NULL, &(struct timeval){0, 0}), EFAULT);
  FAILS(select(fd + 1, NULL, (fd_set*)edge, NULL, &(struct timeval){0, 0}), EFAULT);
  FAILS(pselect(fd + 1, NULL, NULL, (fd_set*)edge, &(struct timespec){0, 0}, NULL), EFAULT);
  // A set only as long as the kernel reads it.
  fd_set* narrow = (fd_set*)(edge - sizeof(long) * (fd / 64 + 1));
  memset(narrow, 0, sizeof(long) * (fd / 64 + 1));
  ((unsigned long*)narrow)[fd / 64] = 1UL << fd % 64;
  RETURNS(select(fd + 1, NULL, narrow, NULL, &(struct timeval){0, 0}), 1);

  int epoll = epoll_create1(EPOLL_CLOEXEC);
  FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, NULL), EFAULT);
  FAILS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, (struct epoll_event*)edge), EFAULT);
  RETURNS(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
  FAILS(epoll_wait(epoll, (struct epoll_event*)edge, 1, 0), EFAULT);
  FAILS(epoll_pwait2(epoll, &event, 1, (struct timespec*)edge, NULL), EFAULT);
  // Room for one event, said to be for eight: only one comes, so nothing is wrong.
  RETURNS(epoll_wait(epoll, (struct epoll_event*)(edge - sizeof event), 8, 0), 1);
}

static void transfers(int fd, int peer) {
  struct iovec away = {edge, 4};
  struct msghdr header = {.msg_iov = &away, .msg_iovlen = 1};
  struct mmsghdr one = {.msg_hdr = header};
  FAILS(send(fd, edge, 4, 0), EFAULT);
  FAILS(write(fd, edge, 4), EFAULT);
  FAILS(writev(fd, (struct iovec*)edge, 1), EFAULT);
  FAILS(writev(fd, &away, 1), EFAULT);
  FAILS(sendmsg(fd, (struct msghdr*)edge, 0), EFAULT);
  FAILS(sendmsg(fd, &header, 0), EFAULT);
  FAILS(sendmmsg(fd, (struct mmsghdr*)edge, 1, 0), EFAULT);
  FAILS(sendmmsg(fd, &one, 1, 0), EFAULT);
  FAILS(sendto(fd, "x", 1, 0, (struct sockaddr*)edge, 16), EFAULT);
  RETURNS(send(peer, "hello", 5, 0), 5);
  FAILS(recv(fd, edge, 4, 0), EFAULT);
  FAILS(read(fd, edge, 4), EFAULT);
  FAILS(recvmsg(fd, (struct msghdr*)edge, 0), EFAULT);
  FAILS(recvmsg(fd, &header, 0), EFAULT);
  FAILS(recvmmsg(fd, (struct mmsghdr*)edge, 1, MSG_DONTWAIT, NULL), EFAULT);
  FAILS(recvfrom(fd, (char[4]){0}, 4, MSG_PEEK, (struct sockaddr*)edge, (socklen_t*)edge), EFAULT);
  RETURNS(recv(fd, edge - 1, 1, 0), 1);
  FAILS(getsockopt(fd, SOL_SOCKET, SO_TYPE, edge, &(socklen_t){4}), EFAULT);
  FAILS(getsockopt(fd, SOL_SOCKET, SO_TYPE, &(int){0}, (socklen_t*)edge), EFAULT);
  FAILS(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, edge, 4), EFAULT);
  FAILS(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, edge, 16), EFAULT);
  FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, (int*)edge), EFAULT);
}

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  edge = pages + page;
  if (mprotect(edge, page, PROT_NONE) != 0) return 1;
  int pair[2];
  loopback_pair(pair);
  addresses();
  names();
  accepting();
  waits(pair[0]);
  transfers(pair[0], pair[1]);
  return check_status();
}
