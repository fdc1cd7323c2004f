// The functions behind ours.
//
// Each entry starts with a stand-in that makes the raw system call, so a hook that runs before our
// constructor (from another library's constructor) works, except that it is no cancellation point.
// The constructor puts the next definition of the symbol in its place. A function this C library
// does not have keeps its stand-in.
#pragma once

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <cstdio>
#include <ctime>

// Said to be hidden also where they are only declared: so they are reached without a detour.
#pragma GCC visibility push(hidden)

namespace sockwatch::shim::real {

template <class Signature>
class Function;

template <class R, class... A>
class Function<R(A...)> {
 public:
  using Pointer = R (*)(A...);
  explicit constexpr Function(Pointer stand_in) : pointer_(stand_in) {}
  R operator()(A... arguments) const {
    return pointer_.load(std::memory_order_relaxed)(arguments...);
  }
  Pointer get() const { return pointer_.load(std::memory_order_relaxed); }
  void set(void* found) {
    if (found != nullptr) {
      pointer_.store(reinterpret_cast<Pointer>(found), std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<Pointer> pointer_;
};

template <class R, class... A>
class Function<R(A..., ...)> {
 public:
  using Pointer = R (*)(A..., ...);
  explicit constexpr Function(Pointer stand_in) : pointer_(stand_in) {}
  template <class... Rest>
  R operator()(A... arguments, Rest... rest) const {
    return pointer_.load(std::memory_order_relaxed)(arguments..., rest...);
  }
  Pointer get() const { return pointer_.load(std::memory_order_relaxed); }
  void set(void* found) {
    if (found != nullptr) {
      pointer_.store(reinterpret_cast<Pointer>(found), std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<Pointer> pointer_;
};

extern constinit Function<int(int, int, int)> socket;
extern constinit Function<int(int, int, int, int*)> socketpair;
extern constinit Function<int(int, const sockaddr*, socklen_t)> connect;
extern constinit Function<int(int, sockaddr*, socklen_t*)> accept;
extern constinit Function<int(int, sockaddr*, socklen_t*, int)> accept4;
extern constinit Function<int(int, const sockaddr*, socklen_t)> bind;
extern constinit Function<int(int, int)> listen;
extern constinit Function<int(int, int)> shutdown;
extern constinit Function<int(int, sockaddr*, socklen_t*)> getpeername;

extern constinit Function<int(int)> close;
extern constinit Function<int(unsigned, unsigned, int)> close_range;
extern constinit Function<void(int)> closefrom;
extern constinit Function<int(int)> dup;
extern constinit Function<int(int, int)> dup2;
extern constinit Function<int(int, int, int)> dup3;
extern constinit Function<int(int, int, ...)> fcntl;
extern constinit Function<int(int, int, ...)> fcntl64;
extern constinit Function<int(FILE*)> fclose;

extern constinit Function<int(pollfd*, nfds_t, int)> poll;
extern constinit Function<int(pollfd*, nfds_t, const timespec*, const sigset_t*)> ppoll;
extern constinit Function<int(int, fd_set*, fd_set*, fd_set*, timeval*)> select;
extern constinit Function<int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*)>
    pselect;
extern constinit Function<int(int)> epoll_create;
extern constinit Function<int(int)> epoll_create1;
extern constinit Function<int(int, int, int, epoll_event*)> epoll_ctl;
extern constinit Function<int(int, epoll_event*, int, int)> epoll_wait;
extern constinit Function<int(int, epoll_event*, int, int, const sigset_t*)> epoll_pwait;
extern constinit Function<int(int, epoll_event*, int, const timespec*, const sigset_t*)>
    epoll_pwait2;

extern constinit Function<ssize_t(int, const void*, size_t, int)> send;
extern constinit Function<ssize_t(int, const void*, size_t, int, const sockaddr*, socklen_t)>
    sendto;
extern constinit Function<ssize_t(int, const msghdr*, int)> sendmsg;
extern constinit Function<int(int, mmsghdr*, unsigned, int)> sendmmsg;
extern constinit Function<ssize_t(int, void*, size_t, int)> recv;
extern constinit Function<ssize_t(int, void*, size_t, int, sockaddr*, socklen_t*)> recvfrom;
extern constinit Function<ssize_t(int, msghdr*, int)> recvmsg;
extern constinit Function<int(int, mmsghdr*, unsigned, int, timespec*)> recvmmsg;
extern constinit Function<ssize_t(int, void*, size_t)> read;
extern constinit Function<ssize_t(int, const iovec*, int)> readv;
extern constinit Function<ssize_t(int, const void*, size_t)> write;
extern constinit Function<ssize_t(int, const iovec*, int)> writev;
extern constinit Function<ssize_t(int, int, off_t*, size_t)> sendfile;
extern constinit Function<ssize_t(int, int, off_t*, size_t)> sendfile64;
extern constinit Function<ssize_t(int, loff_t*, int, loff_t*, size_t, unsigned)> splice;

extern constinit Function<int(int, int, int, void*, socklen_t*)> getsockopt;
extern constinit Function<int(int, int, int, const void*, socklen_t)> setsockopt;

extern constinit Function<int(const char*, const char*, const addrinfo*, addrinfo**)> getaddrinfo;
extern constinit Function<hostent*(const char*)> gethostbyname;
extern constinit Function<hostent*(const char*, int)> gethostbyname2;
extern constinit Function<int(const char*, hostent*, char*, size_t, hostent**, int*)>
    gethostbyname_r;
extern constinit Function<int(const char*, int, hostent*, char*, size_t, hostent**, int*)>
    gethostbyname2_r;
extern constinit Function<int(int, gaicb**, int, sigevent*)> getaddrinfo_a;
extern constinit Function<int(gaicb*)> gai_error;
extern constinit Function<int(const gaicb* const*, int, const timespec*)> gai_suspend;
extern constinit Function<int(gaicb*)> gai_cancel;

extern constinit Function<int(pollfd*, nfds_t, int, size_t)> poll_chk;
extern constinit Function<int(pollfd*, nfds_t, const timespec*, const sigset_t*, size_t)> ppoll_chk;
extern constinit Function<ssize_t(int, void*, size_t, size_t)> read_chk;
extern constinit Function<ssize_t(int, void*, size_t, size_t, int)> recv_chk;
extern constinit Function<ssize_t(int, void*, size_t, size_t, int, sockaddr*, socklen_t*)>
    recvfrom_chk;

extern constinit Function<int(int, ...)> prctl;
extern constinit Function<pid_t()> fork_alone;  // _Fork
extern constinit Function<int(uid_t)> setuid;
extern constinit Function<int(uid_t)> seteuid;
extern constinit Function<int(uid_t, uid_t)> setreuid;
extern constinit Function<int(uid_t, uid_t, uid_t)> setresuid;
extern constinit Function<int(const char*)> chroot;
extern constinit Function<int(int)> unshare;

using Words = char* const*;
extern constinit Function<int(const char*, Words, Words)> execve;
extern constinit Function<int(const char*, Words)> execv;
extern constinit Function<int(const char*, Words)> execvp;
extern constinit Function<int(const char*, Words, Words)> execvpe;
extern constinit Function<int(int, Words, Words)> fexecve;
extern constinit Function<int(int, const char*, Words, Words, int)> execveat;
using Spawn = int(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                  Words, Words);
extern constinit Function<Spawn> posix_spawn;
extern constinit Function<Spawn> posix_spawnp;

// Not one we wrap: by its real address, because others may.
extern constinit void* dl_iterate_phdr;

// Finds them all: by the constructor, or by the first call of a function that has no system call
// behind it (getaddrinfo, fclose, ...), should one come before the constructor.
void resolve();

}  // namespace sockwatch::shim::real

#pragma GCC visibility pop

// For hooks/syscall.S, which keeps registers and stack as they are and jumps here.
extern "C" {
extern void* sockwatch_real_syscall;
extern void* sockwatch_real_dlopen;
extern void* sockwatch_real_vfork;
// All ones until the library records, then without RTLD_DEEPBIND: see hooks/syscall.S.
extern unsigned sockwatch_dlopen_mask;
}
