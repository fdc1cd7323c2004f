// What happens to a descriptor number.
#include <fcntl.h>

#include <cstdarg>

#include "shim/closing.h"
#include "shim/hooks/connect.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/sandbox.h"
#include "shim/process.h"
#include "shim/raw.h"
#include "shim/real.h"
#include "shim/thread.h"

using namespace sockwatch;
using namespace sockwatch::shim;

namespace {

constexpr int kUnshare = 1 << 1;  // CLOSE_RANGE_UNSHARE: a table of its own for the thread first
constexpr int kAtExec = 1 << 2;   // CLOSE_RANGE_CLOEXEC: nothing is closed now

int noted_copy(wire::Op op, int from, int made, int command = 0) {
  closing::after_copy(op, from, made, command);
  return made;
}

// As _Fork: the child is a copy of this thread, on its own copy of the stack.
template <class Make>
long fork_through(Make make) {
  const long child = make();
  if (child == 0) {
    thread::in_forked_child();
  }
  return child;
}

template <class Real>
int fcntl_through(Real& real, int fd, int command, void* argument) {
  const int result = real(fd, command, argument);
  if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
    closing::after_copy(wire::Op::fcntl, fd, result, command);
  }
  return result;
}

}  // namespace

extern "C" {
int hook_close(int fd) SOCKWATCH_EXPORT("close");
int twin_close(int) SOCKWATCH_TWIN_OF("close", "__close");
int hook_close_range(unsigned first, unsigned last, int flags) SOCKWATCH_EXPORT("close_range");
void hook_closefrom(int low) SOCKWATCH_EXPORT("closefrom");
int hook_dup(int fd) SOCKWATCH_EXPORT("dup");
int hook_dup2(int from, int to) SOCKWATCH_EXPORT("dup2");
int twin_dup2(int, int) SOCKWATCH_TWIN_OF("dup2", "__dup2");
int hook_dup3(int from, int to, int flags) SOCKWATCH_EXPORT("dup3");
int hook_fcntl(int fd, int command, ...) SOCKWATCH_EXPORT("fcntl");
int twin_fcntl(int, int, ...) SOCKWATCH_TWIN_OF("fcntl", "__fcntl");
int hook_fcntl64(int fd, int command, ...) SOCKWATCH_EXPORT("fcntl64");
int hook_fclose(FILE* file) SOCKWATCH_EXPORT("fclose");
// Where hooks/syscall.S sends the few numbers that matter, arguments untouched; of clone only what
// is a fork.
long sockwatch_syscall(long number, long a, long b, long c, long d, long e, long f);
}

int hook_close(int fd) {
  if (!process::relocated()) [[unlikely]] {
    return raw::failed(raw::call(SYS_close, fd)) ? -1 : 0;
  }
  if (fd_table::bits(fd) != 0) {
    closing::before_close(wire::Op::close, fd);
  }
  return real::close(fd);
}

int hook_close_range(unsigned first, unsigned last, int flags) {
  if ((flags & (kUnshare | kAtExec)) == 0) {
    closing::before_close_range(wire::Op::close_range, first, last);
  }
  return real::close_range(first, last, flags);
}

void hook_closefrom(int low) {
  closing::before_close_range(wire::Op::closefrom, low < 0 ? 0U : static_cast<unsigned>(low), ~0U);
  real::closefrom(low);
}

int hook_dup(int fd) { return noted_copy(wire::Op::dup, fd, real::dup(fd)); }

int hook_dup2(int from, int to) {
  closing::before_replace(wire::Op::dup2, from, to);
  return noted_copy(wire::Op::dup2, from, real::dup2(from, to));
}

int hook_dup3(int from, int to, int flags) {
  closing::before_replace(wire::Op::dup3, from, to);
  return noted_copy(wire::Op::dup3, from, real::dup3(from, to, flags));
}

// The third argument is an int, a long or a pointer by command, or missing. As libc itself does, it
// is taken and handed on as one word.
int hook_fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return fcntl_through(real::fcntl, fd, command, argument);
}

int hook_fcntl64(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return fcntl_through(real::fcntl64, fd, command, argument);
}

int hook_fclose(FILE* file) {
  if (fd_table::end() != 0) {
    const int error = errno;
    const int fd = fileno_unlocked(file);
    errno = error;
    if (fd_table::bits(fd) != 0) {
      closing::before_close(wire::Op::fclose, fd);
    }
  }
  return real::fclose(file);
}

long sockwatch_syscall(long number, long a, long b, long c, long d, long e, long f) {
  using Syscall = long (*)(long, ...);
  const auto make = [=] {
    return reinterpret_cast<Syscall>(sockwatch_real_syscall)(number, a, b, c, d, e, f);
  };
  switch (number) {
    case SYS_close:
      if (fd_table::bits(static_cast<int>(a)) != 0) {
        closing::before_close(wire::Op::close, static_cast<int>(a));
      }
      return make();
    case SYS_connect:
      return connect_through(static_cast<int>(a), reinterpret_cast<const sockaddr*>(b),
                             static_cast<socklen_t>(c), make);
    case SYS_seccomp:
      return sandbox::watch(
          sandbox::of_seccomp(static_cast<unsigned long>(a), static_cast<unsigned long>(b)), make);
    case SYS_prctl:
      clock::before_prctl(static_cast<int>(a), b);
      return sandbox::watch(sandbox::of_prctl(static_cast<int>(a), static_cast<unsigned long>(b)),
                            make);
#ifdef SYS_fork
    case SYS_fork:
#endif
    case SYS_clone:
      return fork_through(make);
    default:
      return make();
  }
}
