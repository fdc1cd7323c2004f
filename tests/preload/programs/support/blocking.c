#include "blocking.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "loopback.h"
#include "thread.h"

static struct sockaddr_in full;
static struct sockaddr_in idle_address;
static int idle;        // listens, nobody connects
static int silent[2];   // connected, nobody sends
static int stuffed[2];  // connected, no byte more fits in
static int epoll_fd;
static int locked;     // a file somebody else has locked
static int full_pipe;  // its reading end
static char buffer[4096];

// What was acknowledged a moment later makes room again: full is what stays full.
static void stuff(int fd) {
  for (int quiet = 0; quiet < 3; ++quiet) {
    while (send(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0) quiet = 0;
    sleep_ms(5);
  }
}

// A second open of a locked file, by another number: such locks belong to the opened file.
static int lock_a_file(void) {
  char name[] = "/tmp/blocking-XXXXXX";
  struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  int owner = mkstemp(name), other = open(name, O_RDWR | O_CLOEXEC);
  unlink(name);
  if (owner < 0 || other < 0 || fcntl(owner, F_OFD_SETLK, &all) != 0) abort();
  if (ftruncate(owner, sizeof buffer) != 0) abort();
  return other;
}

static int fill_a_pipe(void) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], buffer, sizeof buffer) < 0) abort();
  return ends[0];
}

void blocking_prepare(void) {
  if (check_in_valgrind()) blocking_call_count -= 2;
  loopback_full(&full);
  idle = loopback_listen(&idle_address, 4);
  loopback_pair(silent);
  loopback_pair(stuffed);
  int small = 4096;
  setsockopt(stuffed[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  setsockopt(stuffed[1], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  stuff(stuffed[0]);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = silent[0]};
  locked = lock_a_file();
  full_pipe = fill_a_pipe();
  if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, silent[0], &event) != 0) abort();
}

static long blocked_connect(void) {
  return connect(loopback_socket(SOCK_CLOEXEC), loopback_name(&full), sizeof full);
}
static long blocked_accept(void) { return accept(idle, NULL, NULL); }
static long blocked_accept4(void) { return accept4(idle, NULL, NULL, SOCK_CLOEXEC); }
static long blocked_poll(void) {
  struct pollfd wait = {.fd = silent[0], .events = POLLIN};
  return poll(&wait, 1, -1);
}
static long blocked_ppoll(void) {
  struct pollfd wait = {.fd = silent[0], .events = POLLIN};
  return ppoll(&wait, 1, NULL, NULL);
}
static long blocked_select(void) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(silent[0], &set);
  return select(silent[0] + 1, &set, NULL, NULL, NULL);
}
static long blocked_pselect(void) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(silent[0], &set);
  return pselect(silent[0] + 1, &set, NULL, NULL, NULL, NULL);
}
static long blocked_epoll_wait(void) {
  struct epoll_event event;
  return epoll_wait(epoll_fd, &event, 1, -1);
}
static long blocked_epoll_pwait(void) {
  struct epoll_event event;
  return epoll_pwait(epoll_fd, &event, 1, -1, NULL);
}
static long blocked_recv(void) { return recv(silent[0], buffer, 1, 0); }
static long blocked_recvfrom(void) { return recvfrom(silent[0], buffer, 1, 0, NULL, NULL); }
static long blocked_recvmsg(void) {
  struct iovec piece = {buffer, 1};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  return recvmsg(silent[0], &message, 0);
}
static long blocked_recvmmsg(void) {
  struct iovec piece = {buffer, 1};
  struct mmsghdr messages[1] = {{.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}}};
  return recvmmsg(silent[0], messages, 1, 0, NULL);
}
static long blocked_read(void) { return read(silent[0], buffer, 1); }
static long blocked_readv(void) {
  struct iovec piece = {buffer, 1};
  return readv(silent[0], &piece, 1);
}
static long blocked_send(void) { return send(stuffed[0], buffer, sizeof buffer, 0); }
static long blocked_write(void) { return write(stuffed[0], buffer, sizeof buffer); }
static long blocked_writev(void) {
  struct iovec piece = {buffer, sizeof buffer};
  return writev(stuffed[0], &piece, 1);
}
static long blocked_sendmsg(void) {
  struct iovec piece = {buffer, sizeof buffer};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  return sendmsg(stuffed[0], &message, 0);
}

static long blocked_sendto(void) { return sendto(stuffed[0], buffer, sizeof buffer, 0, NULL, 0); }
static long blocked_sendmmsg(void) {
  struct iovec piece = {buffer, sizeof buffer};
  struct mmsghdr messages[1] = {{.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}}};
  return sendmmsg(stuffed[0], messages, 1, 0);
}
static long blocked_sendfile(void) {
  off_t from = 0;
  return sendfile(stuffed[0], locked, &from, sizeof buffer);
}
static long blocked_splice(void) {
  return splice(full_pipe, NULL, stuffed[0], NULL, sizeof buffer, 0);
}
static long blocked_epoll_pwait2(void) {
  struct epoll_event event;
  return epoll_pwait2(epoll_fd, &event, 1, NULL, NULL);
}
static long blocked_fcntl(void) {
  struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(locked, F_OFD_SETLKW, &all);
}

const struct BlockingCall blocking_calls[] = {
    {"connect", blocked_connect, 0},
    {"accept", blocked_accept, 0},
    {"accept4", blocked_accept4, 0},
    {"poll", blocked_poll, 0},
    {"ppoll", blocked_ppoll, 0},
    {"select", blocked_select, 0},
    {"pselect", blocked_pselect, 0},
    {"epoll_wait", blocked_epoll_wait, 0},
    {"epoll_pwait", blocked_epoll_pwait, 0},
    {"recv", blocked_recv, 0},
    {"recvfrom", blocked_recvfrom, 0},
    {"recvmsg", blocked_recvmsg, 0},
    {"recvmmsg", blocked_recvmmsg, 0},
    {"read", blocked_read, 0},
    {"readv", blocked_readv, 0},
    {"send", blocked_send, 0},
    {"write", blocked_write, 0},
    {"writev", blocked_writev, 0},
    {"sendmsg", blocked_sendmsg, 0},
    {"sendto", blocked_sendto, 0},
    {"sendmmsg", blocked_sendmmsg, 0},
    {"sendfile", blocked_sendfile, 1},
    {"splice", blocked_splice, 0},
    // Valgrind does not know this one, and stops all threads in the other.
    {"epoll_pwait2", blocked_epoll_pwait2, 0},
    {"fcntl", blocked_fcntl, 0},
};
int blocking_call_count = sizeof blocking_calls / sizeof blocking_calls[0];
