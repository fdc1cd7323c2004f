// What decides how the library may live in the process. dlopen is in syscall.S: the loader looks at
// the address it returns to, so that hook must not have a frame of its own.
#include <dlfcn.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "shim/hooks/hook.h"
#include "shim/hooks/sandbox.h"
#include "shim/own_table.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/real.h"
#include "shim/rebind.h"
#include "shim/segment.h"
#include "shim/thread.h"

using namespace sockwatch::shim;

extern "C" {
int hook_prctl(int option, ...) SOCKWATCH_EXPORT("prctl");
pid_t hook_fork_alone() SOCKWATCH_EXPORT("_Fork");
int hook_setuid(uid_t user) SOCKWATCH_EXPORT("setuid");
int hook_seteuid(uid_t user) SOCKWATCH_EXPORT("seteuid");
int hook_setreuid(uid_t user, uid_t effective) SOCKWATCH_EXPORT("setreuid");
int hook_setresuid(uid_t user, uid_t effective, uid_t saved) SOCKWATCH_EXPORT("setresuid");
int hook_chroot(const char* path) SOCKWATCH_EXPORT("chroot");
int hook_unshare(int what) SOCKWATCH_EXPORT("unshare");
// Where syscall.S turns for a dlopen with RTLD_DEEPBIND, once we record.
int sockwatch_names_a_path(const char* file);
void* sockwatch_dlopen_deep(const char* file, int flags);
// Where it turns for one that comes before our constructor.
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
  const sandbox::Kind kind = sandbox::of_prctl(option, a);
  if (kind != sandbox::Kind::none) {
    return sandbox::watch(kind, make);
  }
  clock::before_prctl(option, static_cast<long>(a));
  return make();
}

// fork tells us by pthread_atfork; this one, for signal handlers, runs nobody's functions.
pid_t hook_fork_alone() {
  const pid_t child = real::fork_alone();
  if (child == 0) {
    thread::in_forked_child();
  }
  return child;
}

namespace {

// The run directory is its owner's alone. A server that starts as root and becomes somebody else,
// or changes its root, creates its segment while it can: what it records later goes into memory it
// has already. Its children have to find their own way.
void prepare_for_less() {
  if (!state::recording()) {
    return;
  }
  const Questions questions;
  if (!questions || raw::call(SYS_geteuid) != 0) {
    return;
  }
  Process* process = process::ensure();
  if (process != nullptr && !process::is_borrowed(*process)) {
    segment::of(*process);
  }
}

void becomes(uid_t effective) {
  constexpr uid_t kAsItIs = ~uid_t{0};
  if (effective != 0 && effective != kAsItIs) {
    prepare_for_less();
  }
}

}  // namespace

int hook_setuid(uid_t user) {
  becomes(user);
  return real::setuid(user);
}

int hook_seteuid(uid_t user) {
  becomes(user);
  return real::seteuid(user);
}

int hook_setreuid(uid_t user, uid_t effective) {
  becomes(effective);
  return real::setreuid(user, effective);
}

int hook_setresuid(uid_t user, uid_t effective, uid_t saved) {
  becomes(effective);
  return real::setresuid(user, effective, saved);
}

int hook_chroot(const char* path) {
  prepare_for_less();
  return real::chroot(path);
}

int hook_unshare(int what) {
  return own_table::unshare_through(static_cast<unsigned long>(what),
                                    [=] { return real::unshare(what); });
}

int sockwatch_names_a_path(const char* file) {
  return file == nullptr ||
         (std::strchr(file, '/') != nullptr && std::strchr(file, '$') == nullptr);
}

void* sockwatch_dlopen_deep(const char* file, int flags) {
  auto* const open = reinterpret_cast<decltype(&dlopen)>(sockwatch_real_dlopen);
  const unsigned long long before = rebind::objects_so_far();
  void* const module = open(file, flags);
  if (module != nullptr && file != nullptr) {
    const int error = errno;
    if (before == 0 || rebind::objects_so_far() != before) {
      rebind::to_hooks(module);
    }
    errno = error;
  }
  return module;
}

void* sockwatch_find_dlopen() {
  real::resolve();
  return sockwatch_real_dlopen;
}

long sockwatch_set_errno(long result) {
  errno = static_cast<int>(-result);
  return -1;
}
