// What happens to a descriptor number.
#include <fcntl.h>

#include <cstdarg>

#include "shim/closing.h"
#include "shim/hooks/connect.h"
#include "shim/hooks/hook.h"
#include "shim/hooks/sandbox.h"
#include "shim/own_table.h"
#include "shim/process.h"
#include "shim/raw.h"
#include "shim/real.h"
#include "shim/thread.h"

using namespace sockwatch;
using namespace sockwatch::shim;

namespace {

constexpr unsigned kUnshare = 1 << 1;  // CLOSE_RANGE_UNSHARE: first a table of its own
constexpr unsigned kAtExec = 1 << 2;   // CLOSE_RANGE_CLOEXEC: nothing is closed now

template <class Result>
Result noted_copy(wire::Op op, int from, Result made) {
  closing::after_copy(op, from, static_cast<int>(made), 0);
  return made;
}

template <class Real>
auto close_range_through(unsigned first, unsigned last, unsigned flags, Real real) {
  if (flags == 0) {
    closing::before_close_range(wire::Op::close_range, first, last);
  }
  if ((flags & kUnshare) == 0 || (flags & ~(kUnshare | kAtExec)) != 0) {
    return real();  // also of flags no kernel knows: nothing is closed
  }
  const bool shared = own_table::is_shared();
  if (!shared && (flags & kAtExec) == 0) {
    closing::before_close_range(wire::Op::close_range, first, last);
  }
  const auto result = real();
  if (shared && result == 0) {
    own_table::taken();
  }
  return result;
}

template <class Real>
auto dup2_through(int from, int to, Real real) {
  closing::before_replace(wire::Op::dup2, from, to);
  return noted_copy(wire::Op::dup2, from, real());
}

template <class Real>
auto dup3_through(int from, int to, int flags, Real real) {
  if ((flags & ~O_CLOEXEC) == 0) {
    closing::before_replace(wire::Op::dup3, from, to);
  }
  return noted_copy(wire::Op::dup3, from, real());
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
  return close_range_through(first, last, static_cast<unsigned>(flags),
                             [=] { return real::close_range(first, last, flags); });
}

void hook_closefrom(int low) {
  closing::before_close_range(wire::Op::closefrom, low < 0 ? 0U : static_cast<unsigned>(low), ~0U);
  real::closefrom(low);
}

int hook_dup(int fd) { return noted_copy(wire::Op::dup, fd, real::dup(fd)); }

int hook_dup2(int from, int to) {
  return dup2_through(from, to, [=] { return real::dup2(from, to); });
}

int hook_dup3(int from, int to, int flags) {
  return dup3_through(from, to, flags, [=] { return real::dup3(from, to, flags); });
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
    case SYS_close_range:
      return close_range_through(static_cast<unsigned>(a), static_cast<unsigned>(b),
                                 static_cast<unsigned>(c), make);
#ifdef SYS_dup2
    case SYS_dup2:
      return dup2_through(static_cast<int>(a), static_cast<int>(b), make);
#endif
    case SYS_dup3:
      return dup3_through(static_cast<int>(a), static_cast<int>(b), static_cast<int>(c), make);
    case SYS_unshare:
      return own_table::unshare_through(static_cast<unsigned long>(a), make);
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
