#include "shim/real.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>

#include "shim/raw.h"

namespace sockwatch::shim::real {
namespace {

constexpr std::size_t kKernelSetSize = 8;

long with_errno(long result) {
  if (raw::failed(result)) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return result;
}

template <long Number, class R, class... A>
R by_kernel(A... arguments) {
  return static_cast<R>(with_errno(raw::call(Number, arguments...)));
}

// Calls the kernel has only in a newer form on some machines are made in that form on all.
int dup2_by_kernel(int from, int to) {
  if (from == to) {
    return raw::failed(raw::call(SYS_fcntl, from, F_GETFD)) ? static_cast<int>(with_errno(-EBADF))
                                                            : to;
  }
  return static_cast<int>(with_errno(raw::call(SYS_dup3, from, to, 0)));
}

int ppoll_by_kernel(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  timespec copy{};
  if (timeout != nullptr) {
    copy = *timeout;  // the kernel writes the rest of the time back; the C library does not show it
  }
  return static_cast<int>(with_errno(raw::call(
      SYS_ppoll, fds, count, timeout == nullptr ? nullptr : &copy, mask, kKernelSetSize)));
}

int poll_by_kernel(pollfd* fds, nfds_t count, int timeout) {
  const timespec time{timeout / 1000, timeout % 1000 * 1'000'000L};
  return ppoll_by_kernel(fds, count, timeout < 0 ? nullptr : &time, nullptr);
}

int pselect_by_kernel(int count, fd_set* read, fd_set* write, fd_set* except,
                      const timespec* timeout, const sigset_t* mask) {
  timespec copy{};
  if (timeout != nullptr) {
    copy = *timeout;
  }
  const struct {
    const sigset_t* mask;
    std::size_t size;
  } signals{mask, kKernelSetSize};
  return static_cast<int>(with_errno(raw::call(SYS_pselect6, count, read, write, except,
                                               timeout == nullptr ? nullptr : &copy, &signals)));
}

int select_by_kernel(int count, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  if (timeout == nullptr) {
    return pselect_by_kernel(count, read, write, except, nullptr, nullptr);
  }
  const timespec time{timeout->tv_sec, timeout->tv_usec * 1000};
  return pselect_by_kernel(count, read, write, except, &time, nullptr);
}

int epoll_create_by_kernel(int size) {
  return static_cast<int>(with_errno(size <= 0 ? -EINVAL : raw::call(SYS_epoll_create1, 0)));
}

int epoll_pwait_by_kernel(int fd, epoll_event* events, int count, int timeout,
                          const sigset_t* mask) {
  return static_cast<int>(
      with_errno(raw::call(SYS_epoll_pwait, fd, events, count, timeout, mask, kKernelSetSize)));
}

int epoll_wait_by_kernel(int fd, epoll_event* events, int count, int timeout) {
  return epoll_pwait_by_kernel(fd, events, count, timeout, nullptr);
}

int epoll_pwait2_by_kernel(int fd, epoll_event* events, int count, const timespec* timeout,
                           const sigset_t* mask) {
  return static_cast<int>(
      with_errno(raw::call(SYS_epoll_pwait2, fd, events, count, timeout, mask, kKernelSetSize)));
}

ssize_t send_by_kernel(int fd, const void* bytes, size_t size, int flags) {
  return with_errno(raw::call(SYS_sendto, fd, bytes, size, flags));
}

ssize_t recv_by_kernel(int fd, void* bytes, size_t size, int flags) {
  return with_errno(raw::call(SYS_recvfrom, fd, bytes, size, flags));
}

int fcntl_by_kernel(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  return static_cast<int>(with_errno(raw::call(SYS_fcntl, fd, command, argument)));
}

int prctl_by_kernel(int option, ...) {
  va_list list;
  va_start(list, option);
  const long a = va_arg(list, long);
  const long b = va_arg(list, long);
  const long c = va_arg(list, long);
  const long d = va_arg(list, long);
  va_end(list);
  return static_cast<int>(with_errno(raw::call(SYS_prctl, option, a, b, c, d)));
}

void closefrom_by_kernel(int low) {
  raw::call(SYS_close_range, static_cast<unsigned>(low < 0 ? 0 : low), ~0U, 0);
}

int execv_by_kernel(const char* path, Words arguments) {
  return static_cast<int>(with_errno(raw::call(SYS_execve, path, arguments, environ)));
}

int fexecve_by_kernel(int fd, Words arguments, Words environment) {
  return static_cast<int>(
      with_errno(raw::call(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH)));
}

int seteuid_by_kernel(uid_t user) {
  constexpr uid_t kAsItIs = ~uid_t{0};
  return static_cast<int>(with_errno(raw::call(SYS_setresuid, kAsItIs, user, kAsItIs)));
}

// The fortified functions abort when the size the compiler knows is too small.
void check(bool fits) {
  if (!fits) {
    std::abort();
  }
}
int poll_chk_by_kernel(pollfd* fds, nfds_t count, int timeout, size_t size) {
  check(size / sizeof(pollfd) >= count);
  return poll_by_kernel(fds, count, timeout);
}
int ppoll_chk_by_kernel(pollfd* fds, nfds_t count, const timespec* timeout, const sigset_t* mask,
                        size_t size) {
  check(size / sizeof(pollfd) >= count);
  return ppoll_by_kernel(fds, count, timeout, mask);
}
ssize_t read_chk_by_kernel(int fd, void* bytes, size_t count, size_t size) {
  check(size >= count);
  return by_kernel<SYS_read, ssize_t>(fd, bytes, count);
}
ssize_t recv_chk_by_kernel(int fd, void* bytes, size_t count, size_t size, int flags) {
  check(size >= count);
  return recv_by_kernel(fd, bytes, count, flags);
}
ssize_t recvfrom_chk_by_kernel(int fd, void* bytes, size_t count, size_t size, int flags,
                               sockaddr* from, socklen_t* length) {
  check(size >= count);
  return by_kernel<SYS_recvfrom, ssize_t>(fd, bytes, count, flags, from, length);
}

}  // namespace

constinit Function<int(int, int, int)> socket{by_kernel<SYS_socket>};
constinit Function<int(int, int, int, int*)> socketpair{by_kernel<SYS_socketpair>};
constinit Function<int(int, const sockaddr*, socklen_t)> connect{by_kernel<SYS_connect>};
constinit Function<int(int, sockaddr*, socklen_t*)> accept{by_kernel<SYS_accept>};
constinit Function<int(int, sockaddr*, socklen_t*, int)> accept4{by_kernel<SYS_accept4>};
constinit Function<int(int, const sockaddr*, socklen_t)> bind{by_kernel<SYS_bind>};
constinit Function<int(int, int)> listen{by_kernel<SYS_listen>};
constinit Function<int(int, int)> shutdown{by_kernel<SYS_shutdown>};
constinit Function<int(int, sockaddr*, socklen_t*)> getpeername{by_kernel<SYS_getpeername>};

constinit Function<int(int)> close{by_kernel<SYS_close>};
constinit Function<int(unsigned, unsigned, int)> close_range{by_kernel<SYS_close_range>};
constinit Function<void(int)> closefrom{closefrom_by_kernel};
constinit Function<int(int)> dup{by_kernel<SYS_dup>};
constinit Function<int(int, int)> dup2{dup2_by_kernel};
constinit Function<int(int, int, int)> dup3{by_kernel<SYS_dup3>};
constinit Function<int(int, int, ...)> fcntl{fcntl_by_kernel};
constinit Function<int(int, int, ...)> fcntl64{fcntl_by_kernel};

constinit Function<int(pollfd*, nfds_t, int)> poll{poll_by_kernel};
constinit Function<int(pollfd*, nfds_t, const timespec*, const sigset_t*)> ppoll{ppoll_by_kernel};
constinit Function<int(int, fd_set*, fd_set*, fd_set*, timeval*)> select{select_by_kernel};
constinit Function<int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*)> pselect{
    pselect_by_kernel};
constinit Function<int(int)> epoll_create{epoll_create_by_kernel};
constinit Function<int(int)> epoll_create1{by_kernel<SYS_epoll_create1>};
constinit Function<int(int, int, int, epoll_event*)> epoll_ctl{by_kernel<SYS_epoll_ctl>};
constinit Function<int(int, epoll_event*, int, int)> epoll_wait{epoll_wait_by_kernel};
constinit Function<int(int, epoll_event*, int, int, const sigset_t*)> epoll_pwait{
    epoll_pwait_by_kernel};
constinit Function<int(int, epoll_event*, int, const timespec*, const sigset_t*)> epoll_pwait2{
    epoll_pwait2_by_kernel};

constinit Function<ssize_t(int, const void*, size_t, int)> send{send_by_kernel};
constinit Function<ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)> sendto{
    by_kernel<SYS_sendto>};
constinit Function<ssize_t(int, const msghdr*, int)> sendmsg{by_kernel<SYS_sendmsg>};
constinit Function<int(int, mmsghdr*, unsigned, int)> sendmmsg{by_kernel<SYS_sendmmsg>};
constinit Function<ssize_t(int, void*, size_t, int)> recv{recv_by_kernel};
constinit Function<ssize_t(int, void*, size_t, int, sockaddr*, socklen_t*)> recvfrom{
    by_kernel<SYS_recvfrom>};
constinit Function<ssize_t(int, msghdr*, int)> recvmsg{by_kernel<SYS_recvmsg>};
constinit Function<int(int, mmsghdr*, unsigned, int, timespec*)> recvmmsg{by_kernel<SYS_recvmmsg>};
constinit Function<ssize_t(int, void*, size_t)> read{by_kernel<SYS_read>};
constinit Function<ssize_t(int, const iovec*, int)> readv{by_kernel<SYS_readv>};
constinit Function<ssize_t(int, const void*, size_t)> write{by_kernel<SYS_write>};
constinit Function<ssize_t(int, const iovec*, int)> writev{by_kernel<SYS_writev>};
constinit Function<ssize_t(int, int, off_t*, size_t)> sendfile{by_kernel<SYS_sendfile>};
constinit Function<ssize_t(int, int, off_t*, size_t)> sendfile64{by_kernel<SYS_sendfile>};
constinit Function<ssize_t(int, loff_t*, int, loff_t*, size_t, unsigned)> splice{
    by_kernel<SYS_splice>};

constinit Function<int(int, int, int, void*, socklen_t*)> getsockopt{by_kernel<SYS_getsockopt>};
constinit Function<int(int, int, int, const void*, socklen_t)> setsockopt{
    by_kernel<SYS_setsockopt>};

constinit Function<int(pollfd*, nfds_t, int, size_t)> poll_chk{poll_chk_by_kernel};
constinit Function<int(pollfd*, nfds_t, const timespec*, const sigset_t*, size_t)> ppoll_chk{
    ppoll_chk_by_kernel};
constinit Function<ssize_t(int, void*, size_t, size_t)> read_chk{read_chk_by_kernel};
constinit Function<ssize_t(int, void*, size_t, size_t, int)> recv_chk{recv_chk_by_kernel};
constinit Function<ssize_t(int, void*, size_t, size_t, int, sockaddr*, socklen_t*)> recvfrom_chk{
    recvfrom_chk_by_kernel};
constinit Function<int(int, ...)> prctl{prctl_by_kernel};
constinit Function<int(uid_t)> setuid{by_kernel<SYS_setuid>};
constinit Function<int(uid_t)> seteuid{seteuid_by_kernel};
constinit Function<int(uid_t, uid_t)> setreuid{by_kernel<SYS_setreuid>};
constinit Function<int(uid_t, uid_t, uid_t)> setresuid{by_kernel<SYS_setresuid>};
constinit Function<int(const char*)> chroot{by_kernel<SYS_chroot>};
constinit Function<int(int)> unshare{by_kernel<SYS_unshare>};
constinit Function<int(const char*, Words, Words)> execve{by_kernel<SYS_execve>};
constinit Function<int(const char*, Words)> execv{execv_by_kernel};
constinit Function<int(int, Words, Words)> fexecve{fexecve_by_kernel};
constinit Function<int(int, const char*, Words, Words, int)> execveat{by_kernel<SYS_execveat>};

}  // namespace sockwatch::shim::real
