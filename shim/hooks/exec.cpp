// Another program in this process, or in a new one. What matters is in shim/exec.h; here is how
// each call names its program. The calling process may be a child of vfork: nothing here writes
// beyond the stack.
#include "shim/exec.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include "shim/hooks/hook.h"
#include "shim/real.h"

using namespace sockwatch::shim;
using real::Words;

extern "C" {
int hook_execve(const char* path, Words arguments, Words environment) SOCKWATCH_EXPORT("execve");
int hook_execv(const char* path, Words arguments) SOCKWATCH_EXPORT("execv");
int hook_execvp(const char* file, Words arguments) SOCKWATCH_EXPORT("execvp");
int hook_execvpe(const char* file, Words arguments, Words environment) SOCKWATCH_EXPORT("execvpe");
int hook_execl(const char* path, const char* first, ...) SOCKWATCH_EXPORT("execl");
int hook_execle(const char* path, const char* first, ...) SOCKWATCH_EXPORT("execle");
int hook_execlp(const char* file, const char* first, ...) SOCKWATCH_EXPORT("execlp");
int hook_fexecve(int fd, Words arguments, Words environment) SOCKWATCH_EXPORT("fexecve");
int hook_execveat(int directory, const char* path, Words arguments, Words environment, int flags)
    SOCKWATCH_EXPORT("execveat");
int hook_posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                     const posix_spawnattr_t* attributes, Words arguments, Words environment)
    SOCKWATCH_EXPORT("posix_spawn");
int hook_posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                      const posix_spawnattr_t* attributes, Words arguments, Words environment)
    SOCKWATCH_EXPORT("posix_spawnp");
}

namespace {

// `as_it_is` makes the call as the program made it, `with` the same with another environment.
template <class AsItIs, class With>
[[gnu::noinline]] int exec_through(const exec::Call& call, AsItIs as_it_is, With with) {
  exec::Plan plan;
  exec::prepare(call, plan);
  exec::tell(plan);
  if (plan.room != 0) {
    const Words other = exec::other_environment(call, plan, __builtin_alloca(plan.room));
    const bool left = exec::leave_filter_behind();
    const int result = with(other);
    exec::still_filtered(left);
    if (errno != E2BIG) {
      exec::take_back(plan);
      return result;
    }
    exec::give_up_following(plan);
  }
  const bool left = exec::leave_filter_behind();
  const int result = as_it_is();
  exec::still_filtered(left);
  exec::take_back(plan);
  return result;
}

// A failure is the result here, errno stays. The note is of the new process, so it comes after.
[[gnu::noinline]] int spawn_through(const real::Function<real::Spawn>& real, const exec::Call& call,
                                    pid_t* pid, const posix_spawn_file_actions_t* actions,
                                    const posix_spawnattr_t* attributes) {
  exec::Plan plan;
  exec::prepare(call, plan);
  if (plan.room == 0 && !plan.tells) {
    return real(pid, call.file, actions, attributes, call.arguments, call.environment);
  }
  Words environment = plan.room == 0
                          ? call.environment
                          : exec::other_environment(call, plan, __builtin_alloca(plan.room));
  // Where the caller wants it libc puts it there before a signal can tell of the child's end.
  pid_t own = 0;
  pid_t* const started = pid != nullptr ? pid : &own;
  int error = real(started, call.file, actions, attributes, call.arguments, environment);
  if (error == E2BIG && plan.room != 0) {
    plan.tells = true;
    error = real(started, call.file, actions, attributes, call.arguments, call.environment);
  }
  if (error != 0) {
    return error;
  }
  plan.note.ppid = plan.note.pid;
  plan.note.pid = *started;
  exec::tell(plan);
  return 0;
}

int exec_path(const char* path, Words arguments, Words environment, bool is_own) {
  return exec_through(
      {AT_FDCWD, path, false, arguments, environment},
      [=] {
        return is_own ? real::execv(path, arguments) : real::execve(path, arguments, environment);
      },
      [=](Words other) { return real::execve(path, arguments, other); });
}

int exec_searched(const char* file, Words arguments, Words environment, bool is_own) {
  return exec_through(
      {AT_FDCWD, file, true, arguments, environment},
      [=] {
        return is_own ? real::execvp(file, arguments) : real::execvpe(file, arguments, environment);
      },
      [=](Words other) { return real::execvpe(file, arguments, other); });
}

// "/proc/self/fd/N", by which an open file can be looked at.
class OpenFile {
 public:
  explicit OpenFile(int fd) {
    char digits[12];
    std::size_t count = 0;
    for (unsigned rest = fd < 0 ? 0 : static_cast<unsigned>(fd); count == 0 || rest != 0;
         rest /= 10) {
      digits[count++] = static_cast<char>('0' + rest % 10);
    }
    char* end = path_ + std::strlen(path_);
    while (count != 0) {
      *end++ = digits[--count];
    }
  }
  const char* path() const { return path_; }

 private:
  char path_[32] = "/proc/self/fd/";
};

// The arguments of the calls that take them one by one, as libc puts them together: on the stack.
// `list` is left behind the null pointer that ends them.
std::size_t count_words(const char* first, va_list* list) {
  std::size_t count = 0;
  for (const char* word = first; word != nullptr; word = va_arg(*list, const char*)) {
    ++count;
  }
  return count;
}

void collect_words(const char* first, va_list* list, const char** into) {
  for (const char* word = first; word != nullptr; word = va_arg(*list, const char*)) {
    *into++ = word;
  }
  *into = nullptr;
}

Words as_words(const char** list) { return const_cast<Words>(list); }

}  // namespace

int hook_execve(const char* path, Words arguments, Words environment) {
  return exec_path(path, arguments, environment, false);
}

int hook_execv(const char* path, Words arguments) {
  return exec_path(path, arguments, environ, true);
}

int hook_execvp(const char* file, Words arguments) {
  return exec_searched(file, arguments, environ, true);
}

int hook_execvpe(const char* file, Words arguments, Words environment) {
  return exec_searched(file, arguments, environment, false);
}

int hook_execl(const char* path, const char* first, ...) {
  va_list list;
  va_start(list, first);
  const std::size_t count = count_words(first, &list);
  va_end(list);
  auto** words = static_cast<const char**>(__builtin_alloca((count + 1) * sizeof(char*)));
  va_start(list, first);
  collect_words(first, &list, words);
  va_end(list);
  return exec_path(path, as_words(words), environ, true);
}

int hook_execle(const char* path, const char* first, ...) {
  va_list list;
  va_start(list, first);
  const std::size_t count = count_words(first, &list);
  va_end(list);
  auto** words = static_cast<const char**>(__builtin_alloca((count + 1) * sizeof(char*)));
  va_start(list, first);
  collect_words(first, &list, words);
  const Words environment = va_arg(list, char**);
  va_end(list);
  return exec_path(path, as_words(words), environment, false);
}

int hook_execlp(const char* file, const char* first, ...) {
  va_list list;
  va_start(list, first);
  const std::size_t count = count_words(first, &list);
  va_end(list);
  auto** words = static_cast<const char**>(__builtin_alloca((count + 1) * sizeof(char*)));
  va_start(list, first);
  collect_words(first, &list, words);
  va_end(list);
  return exec_searched(file, as_words(words), environ, true);
}

int hook_fexecve(int fd, Words arguments, Words environment) {
  const OpenFile file(fd);
  return exec_through(
      {AT_FDCWD, file.path(), false, arguments, environment},
      [=] { return real::fexecve(fd, arguments, environment); },
      [=](Words other) { return real::fexecve(fd, arguments, other); });
}

int hook_execveat(int directory, const char* path, Words arguments, Words environment, int flags) {
  const OpenFile file(directory);
  // With this flag the path is mostly empty, and means the descriptor itself.
  const bool itself = (flags & AT_EMPTY_PATH) != 0;
  return exec_through(
      {itself ? AT_FDCWD : directory, itself ? file.path() : path, false, arguments, environment},
      [=] { return real::execveat(directory, path, arguments, environment, flags); },
      [=](Words other) { return real::execveat(directory, path, arguments, other, flags); });
}

int hook_posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                     const posix_spawnattr_t* attributes, Words arguments, Words environment) {
  return spawn_through(real::posix_spawn, {AT_FDCWD, path, false, arguments, environment}, pid,
                       actions, attributes);
}

int hook_posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                      const posix_spawnattr_t* attributes, Words arguments, Words environment) {
  return spawn_through(real::posix_spawnp, {AT_FDCWD, file, true, arguments, environment}, pid,
                       actions, attributes);
}
