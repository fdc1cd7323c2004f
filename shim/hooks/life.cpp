// What decides how the library may live in the process. dlopen is in syscall.S: the loader looks at
// the address it returns to, so that hook must not have a frame of its own.
#include <sys/prctl.h>

#include <cerrno>
#include <cstdarg>

#include "shim/hooks/hook.h"
#include "shim/hooks/sandbox.h"
#include "shim/real.h"

using namespace sockwatch::shim;

extern "C" {
int hook_prctl(int option, ...) SOCKWATCH_EXPORT("prctl");
// Where syscall.S turns for a dlopen that comes before our constructor.
void* sockwatch_find_dlopen();
// And for a syscall that failed then: libc's way of saying so.
long sockwatch_set_errno(long result);
}

int hook_prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  const auto a = va_arg(list, unsigned long);
  const auto b = va_arg(list, unsigned long);
  const auto c = va_arg(list, unsigned long);
  const auto d = va_arg(list, unsigned long);
  va_end(list);
  const auto make = [=] { return real::prctl(option, a, b, c, d); };
  if (option == PR_SET_SECCOMP) {
    constexpr unsigned long kStrict = 1;  // SECCOMP_MODE_STRICT
    constexpr unsigned long kFilter = 2;
    return sandbox::watch(a == kStrict, a == kFilter, make);
  }
  if (option == PR_SET_TSC && a == PR_TSC_SIGSEGV) {
    clock::leave_vdso();  // it reads the counter the program is about to forbid itself
  }
  return make();
}

void* sockwatch_find_dlopen() {
  real::resolve();
  return sockwatch_real_dlopen;
}

long sockwatch_set_errno(long result) {
  errno = static_cast<int>(-result);
  return -1;
}
