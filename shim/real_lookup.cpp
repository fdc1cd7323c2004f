// The search for the real functions, and the few that have no system call to stand in for them.
#include <cerrno>

#include "shim/behind.h"
#include "shim/real.h"

extern "C" {
void* sockwatch_real_syscall = nullptr;
void* sockwatch_real_dlopen = nullptr;
void* sockwatch_real_vfork = nullptr;
unsigned sockwatch_dlopen_mask = ~0U;
}

namespace sockwatch::shim::real {
namespace {

// Stand-ins for calls that come before our constructor: look everything up then and there. A symbol
// that is nowhere (which no C library gives cause for) fails as "not supported".
template <class Pointer, class... A>
auto look_up_and_call(Function<Pointer>& entry, typename Function<Pointer>::Pointer stand_in,
                      decltype(stand_in(std::declval<A>()...)) failure, A... arguments) {
  resolve();
  if (entry.get() == stand_in) {
    errno = ENOSYS;
    return failure;
  }
  return entry(arguments...);
}

int late_fclose(FILE* file) { return look_up_and_call(fclose, late_fclose, EOF, file); }
int late_getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                     addrinfo** found) {
  return look_up_and_call(getaddrinfo, late_getaddrinfo, EAI_SYSTEM, name, service, hints, found);
}
hostent* late_gethostbyname(const char* name) {
  return look_up_and_call(gethostbyname, late_gethostbyname, nullptr, name);
}
hostent* late_gethostbyname2(const char* name, int family) {
  return look_up_and_call(gethostbyname2, late_gethostbyname2, nullptr, name, family);
}
int late_gethostbyname_r(const char* name, hostent* entry, char* buffer, size_t size,
                         hostent** found, int* error) {
  return look_up_and_call(gethostbyname_r, late_gethostbyname_r, ENOSYS, name, entry, buffer, size,
                          found, error);
}
int late_gethostbyname2_r(const char* name, int family, hostent* entry, char* buffer, size_t size,
                          hostent** found, int* error) {
  return look_up_and_call(gethostbyname2_r, late_gethostbyname2_r, ENOSYS, name, family, entry,
                          buffer, size, found, error);
}
int late_getaddrinfo_a(int mode, gaicb** list, int count, sigevent* tell) {
  return look_up_and_call(getaddrinfo_a, late_getaddrinfo_a, EAI_SYSTEM, mode, list, count, tell);
}
int late_gai_error(gaicb* request) {
  return look_up_and_call(gai_error, late_gai_error, EAI_SYSTEM, request);
}
int late_gai_suspend(const gaicb* const* list, int count, const timespec* timeout) {
  return look_up_and_call(gai_suspend, late_gai_suspend, EAI_SYSTEM, list, count, timeout);
}
int late_gai_cancel(gaicb* request) {
  return look_up_and_call(gai_cancel, late_gai_cancel, EAI_ALLDONE, request);
}

pid_t late_fork_alone() { return look_up_and_call(fork_alone, late_fork_alone, -1); }

int late_execvp(const char* file, Words arguments) {
  return look_up_and_call(execvp, late_execvp, -1, file, arguments);
}
int late_execvpe(const char* file, Words arguments, Words environment) {
  return look_up_and_call(execvpe, late_execvpe, -1, file, arguments, environment);
}
int late_posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                     const posix_spawnattr_t* attributes, Words arguments, Words environment) {
  return look_up_and_call(posix_spawn, late_posix_spawn, ENOSYS, pid, path, actions, attributes,
                          arguments, environment);
}
int late_posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                      const posix_spawnattr_t* attributes, Words arguments, Words environment) {
  return look_up_and_call(posix_spawnp, late_posix_spawnp, ENOSYS, pid, file, actions, attributes,
                          arguments, environment);
}

}  // namespace

constinit Function<int(FILE*)> fclose{late_fclose};
constinit Function<int(const char*, const char*, const addrinfo*, addrinfo**)> getaddrinfo{
    late_getaddrinfo};
constinit Function<hostent*(const char*)> gethostbyname{late_gethostbyname};
constinit Function<hostent*(const char*, int)> gethostbyname2{late_gethostbyname2};
constinit Function<int(const char*, hostent*, char*, size_t, hostent**, int*)> gethostbyname_r{
    late_gethostbyname_r};
constinit Function<int(const char*, int, hostent*, char*, size_t, hostent**, int*)>
    gethostbyname2_r{late_gethostbyname2_r};
// Before glibc 2.34 in a library of their own, libanl, which a program that uses them has loaded.
constinit Function<int(int, gaicb**, int, sigevent*)> getaddrinfo_a{late_getaddrinfo_a};
constinit Function<int(gaicb*)> gai_error{late_gai_error};
constinit Function<int(const gaicb* const*, int, const timespec*)> gai_suspend{late_gai_suspend};
constinit Function<int(gaicb*)> gai_cancel{late_gai_cancel};

constinit Function<pid_t()> fork_alone{late_fork_alone};  // since glibc 2.34

constinit Function<int(const char*, Words)> execvp{late_execvp};
constinit Function<int(const char*, Words, Words)> execvpe{late_execvpe};
constinit Function<Spawn> posix_spawn{late_posix_spawn};
constinit Function<Spawn> posix_spawnp{late_posix_spawnp};

constinit void* dl_iterate_phdr = nullptr;

void resolve() {
  constexpr std::size_t kObjects = 256;
  Definitions room[kObjects];
  const Behind behind(room);
  const auto next = [&behind](const char* symbol) { return behind.next(symbol); };

  socket.set(next("socket"));
  socketpair.set(next("socketpair"));
  connect.set(next("connect"));
  accept.set(next("accept"));
  accept4.set(next("accept4"));
  bind.set(next("bind"));
  listen.set(next("listen"));
  shutdown.set(next("shutdown"));
  getpeername.set(next("getpeername"));

  close.set(next("close"));
  close_range.set(next("close_range"));
  closefrom.set(next("closefrom"));
  dup.set(next("dup"));
  dup2.set(next("dup2"));
  dup3.set(next("dup3"));
  fcntl.set(next("fcntl"));
  fcntl64.set(next("fcntl"));  // the same function before glibc 2.28 had the other name
  fcntl64.set(next("fcntl64"));
  fclose.set(next("fclose"));

  poll.set(next("poll"));
  ppoll.set(next("ppoll"));
  select.set(next("select"));
  pselect.set(next("pselect"));
  epoll_create.set(next("epoll_create"));
  epoll_create1.set(next("epoll_create1"));
  epoll_ctl.set(next("epoll_ctl"));
  epoll_wait.set(next("epoll_wait"));
  epoll_pwait.set(next("epoll_pwait"));
  epoll_pwait2.set(next("epoll_pwait2"));

  send.set(next("send"));
  sendto.set(next("sendto"));
  sendmsg.set(next("sendmsg"));
  sendmmsg.set(next("sendmmsg"));
  recv.set(next("recv"));
  recvfrom.set(next("recvfrom"));
  recvmsg.set(next("recvmsg"));
  recvmmsg.set(next("recvmmsg"));
  read.set(next("read"));
  readv.set(next("readv"));
  write.set(next("write"));
  writev.set(next("writev"));
  sendfile.set(next("sendfile"));
  sendfile64.set(next("sendfile64"));
  splice.set(next("splice"));

  getsockopt.set(next("getsockopt"));
  setsockopt.set(next("setsockopt"));

  getaddrinfo.set(next("getaddrinfo"));
  gethostbyname.set(next("gethostbyname"));
  gethostbyname2.set(next("gethostbyname2"));
  gethostbyname_r.set(next("gethostbyname_r"));
  gethostbyname2_r.set(next("gethostbyname2_r"));
  getaddrinfo_a.set(next("getaddrinfo_a"));
  gai_error.set(next("gai_error"));
  gai_suspend.set(next("gai_suspend"));
  gai_cancel.set(next("gai_cancel"));

  poll_chk.set(next("__poll_chk"));
  ppoll_chk.set(next("__ppoll_chk"));
  read_chk.set(next("__read_chk"));
  recv_chk.set(next("__recv_chk"));
  recvfrom_chk.set(next("__recvfrom_chk"));

  prctl.set(next("prctl"));
  fork_alone.set(next("_Fork"));
  setuid.set(next("setuid"));
  seteuid.set(next("seteuid"));
  setreuid.set(next("setreuid"));
  setresuid.set(next("setresuid"));
  chroot.set(next("chroot"));
  unshare.set(next("unshare"));

  execve.set(next("execve"));
  execv.set(next("execv"));
  execvp.set(next("execvp"));
  execvpe.set(next("execvpe"));
  fexecve.set(next("fexecve"));
  execveat.set(next("execveat"));
  posix_spawn.set(next("posix_spawn"));
  posix_spawnp.set(next("posix_spawnp"));

  dl_iterate_phdr = next("dl_iterate_phdr");
  sockwatch_real_syscall = next("syscall");
  sockwatch_real_dlopen = next("dlopen");
  sockwatch_real_vfork = next("vfork");
}

}  // namespace sockwatch::shim::real
