#include "shim/exec.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "shim/apart.h"
#include "shim/clock.h"
#include "shim/program.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::exec {
namespace {

using program::Loads;
using wire::ExecNote;
using wire::ExecWhy;

// Signals stay away while a thread works on our stack. The mask is the thread's own, in a child of
// vfork too.
class SignalsHeld {
 public:
  SignalsHeld() {
    const std::uint64_t all = ~std::uint64_t{0};
    raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before_, sizeof(before_));
  }
  ~SignalsHeld() { raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &before_, nullptr, sizeof(before_)); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  std::uint64_t before_ = 0;
};

// The value of PATH as execvp goes by it: of the calling process, whatever the new one gets.
const char* search_path() {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, "PATH=", 5) == 0) {
      return *entry + 5;
    }
  }
  return "/bin:/usr/bin";
}

Loads find_and_inspect(const char* name, std::size_t name_length, ExecNote& note,
                       std::size_t& length) {
  char path[512];
  for (const char* begin = search_path();;) {
    const char* end = begin;
    while (*end != '\0' && *end != ':') {
      ++end;
    }
    std::size_t size = static_cast<std::size_t>(end - begin);
    if (size + name_length + 2 <= sizeof(path)) {
      std::memcpy(path, begin, size);
      if (size != 0) {  // an empty one is the current directory
        path[size++] = '/';
      }
      std::memcpy(path + size, name, name_length + 1);
      const Loads answer =
          program::inspect(AT_FDCWD, path, note.path, ExecNote::kPathBytes, length);
      if (answer != Loads::cannot_run) {
        return answer;
      }
    }
    if (*end == '\0') {
      return Loads::cannot_run;
    }
    begin = end + 1;
  }
}

struct Look {
  const Call& call;
  std::size_t name_length;
  ExecNote& note;
  Loads answer;
  long library;  // 0, or why it cannot be opened
};

// After chroot, in another mount namespace or as another user the loader would complain about it.
long open_library() {
  if (state::settings.library[0] != '/') {
    return 0;  // the loader searches for it
  }
  const long fd = raw::call(SYS_openat, AT_FDCWD, state::settings.library, O_RDONLY | O_CLOEXEC);
  switch (fd) {
    case -ENOENT:
    case -ENOTDIR:
    case -ELOOP:
    case -EACCES:
    case -EPERM:
      return fd;
    default:
      break;
  }
  if (!raw::failed(fd)) {
    raw::call(SYS_close, fd);
  }
  return 0;
}

void look(void* argument) {
  auto& [call, name_length, note, answer, library] = *static_cast<Look*>(argument);
  library = open_library();
  std::size_t length = 0;
  answer =
      call.searched && std::strchr(call.file, '/') == nullptr
          ? find_and_inspect(call.file, name_length, note, length)
          : program::inspect(call.directory, call.file, note.path, ExecNote::kPathBytes, length);
  note.path_length = static_cast<std::uint16_t>(length);
}

Look look_at(const Call& call, std::size_t name_length, ExecNote& note) {
  Look looking{call, name_length, note, Loads::not_known, 0};
  const SignalsHeld held;
  // Beside even if nobody else is there: the program may hold a record lock on what it executes,
  // and would lose it with the first descriptor of that file that is closed.
  (void)apart::run_beside(look, &looking,
                          call.directory == AT_FDCWD ? apart::Table::empty : apart::Table::copy);
  return looking;
}

// False: a pointer the kernel will refuse.
bool describe_command(CallerMemory& memory, char* const* arguments, ExecNote& note) {
  std::size_t used = 0;
  const char* word = nullptr;
  for (; arguments != nullptr; ++arguments) {
    if (!memory.entry(arguments, word)) {
      return false;
    }
    if (word == nullptr) {
      break;
    }
    for (; used < ExecNote::kCommandLineBytes; ++word) {
      if (!memory.has(word, 1)) {
        return false;
      }
      note.command_line[used++] = *word;
      if (*word == '\0') {
        break;
      }
    }
    if (used == ExecNote::kCommandLineBytes) {
      break;
    }
  }
  note.command_line_length = static_cast<std::uint16_t>(used);
  return true;
}

ExecWhy why_not(Loads loads, long library) {
  switch (loads) {
    case Loads::is_static:
      return ExecWhy::is_static;
    case Loads::other_machine:
      return ExecWhy::other_machine;
    case Loads::other_libc:
      return ExecWhy::other_libc;
    case Loads::privileged:
      return ExecWhy::privileged;
    case Loads::is_go:
      return ExecWhy::is_go;
    case Loads::yes:
    case Loads::not_known:
    case Loads::cannot_run:
      break;
  }
  if (library != 0) {
    return library == -EACCES || library == -EPERM ? ExecWhy::other_user : ExecWhy::other_root;
  }
  return ExecWhy::scrubbed;
}

void append(void* argument) {
  const auto& note = *static_cast<const ExecNote*>(argument);
  const long fd = raw::call(
      SYS_openat, AT_FDCWD, state::settings.exec_notes,
      O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
  if (raw::failed(fd)) {
    return;
  }
  struct stat file {};
  if (!raw::failed(raw::call(SYS_fstat, fd, &file)) && S_ISREG(file.st_mode) &&
      static_cast<std::size_t>(file.st_size) + sizeof(note) <= wire::kExecNotesLimit) {
    if ((file.st_mode & 07777) != 0600) {
      raw::call(SYS_fchmod, fd, 0600);  // whatever the program's umask took away
    }
    raw::call(SYS_write, fd, &note, sizeof(note));
  }
  raw::call(SYS_close, fd);
}

void append_note(const ExecNote& note) {
  const Questions questions;
  // Growing a file beyond RLIMIT_FSIZE raises SIGXFSZ, which kills.
  rlimit limit{};
  if (!questions || raw::failed(raw::call(SYS_prlimit64, 0, RLIMIT_FSIZE, nullptr, &limit)) ||
      limit.rlim_cur < wire::kExecNotesLimit) {
    return;
  }
  const SignalsHeld held;
  (void)apart::run(append, const_cast<ExecNote*>(&note));
}

void describe_caller(ExecNote& note) {
  note.magic = wire::kExecNoteMagic;
  note.t_ns = clock::now_ns();
  note.pid = static_cast<std::int32_t>(raw::call(SYS_getpid));
  note.ppid = static_cast<std::int32_t>(raw::call(SYS_getppid));
  note.uid = static_cast<std::uint32_t>(raw::call(SYS_getuid));
  note.tid = static_cast<std::uint32_t>(raw::call(SYS_gettid));
}

void keep_dormant(const Call& call, Plan& plan) {
  CallerMemory memory(false);
  environment::read(memory, call.environment, plan.variables);
  if (plan.variables.count >= 0) {
    plan.other = Plan::Other::stays_dormant;
    plan.room = environment::room_without_recording(plan.variables);
  }
}

}  // namespace

void prepare(const Call& call, Plan& plan) {
  // A sandbox may have ended the recording of this program, and is inherited all the same.
  if (!state::recording() && !state::sandboxed.load(std::memory_order_relaxed)) {
    return;
  }
  const Questions questions;
  if (!questions) {
    keep_dormant(call, plan);
    return;
  }
  CallerMemory memory(true);
  const long name_length = memory.text(call.file);
  environment::read(memory, call.environment, plan.variables);
  const environment::Variables& variables = plan.variables;
  if (name_length <= 0 || variables.count < 0) {
    return;  // the kernel will say what is wrong with it
  }
  std::memset(static_cast<void*>(&plan.note), 0, sizeof(plan.note));
  const Look seen = look_at(call, static_cast<std::size_t>(name_length), plan.note);
  const Loads loads = seen.answer;
  const bool out_of_reach = seen.library != 0;
  const bool scrubbed =
      !variables.same_directory || (!variables.names_library && state::settings.library[0] != '\0');
  if (loads == Loads::cannot_run ||
      ((loads == Loads::yes || loads == Loads::not_known) && !scrubbed && !out_of_reach) ||
      !describe_command(memory, call.arguments, plan.note)) {
    return;
  }
  describe_caller(plan.note);
  plan.note.why = why_not(loads, seen.library);
  // A loader of another kind would complain about the library, and what cannot be read may have
  // one.
  plan.room = loads == Loads::yes && !out_of_reach
                  ? environment::room_with_ours(call.environment, variables)
                  : 0;
  plan.tells = plan.room == 0;
  if ((loads == Loads::other_machine || out_of_reach) && variables.names_library) {
    plan.other = Plan::Other::leaves_out_library;
    plan.room = environment::room_without_library(call.environment, variables);
  }
}

char* const* other_environment(const Call& call, const Plan& plan, void* room) {
  switch (plan.other) {
    case Plan::Other::leaves_out_library:
      return environment::without_library(call.environment, plan.variables, room);
    case Plan::Other::stays_dormant:
      return environment::without_recording(call.environment, plan.variables, room);
    case Plan::Other::follows:
      break;
  }
  return environment::with_ours(call.environment, plan.variables, room);
}

bool leave_filter_behind() {
  if (!state::parents) {
    return false;
  }
  state::parents = false;
  state::sandboxed.store(false, std::memory_order_relaxed);
  return true;
}

void still_filtered(bool left_behind) {
  if (left_behind) {
    state::sandboxed.store(true, std::memory_order_relaxed);
    state::parents = true;
  }
}

void tell(const Plan& plan) {
  if (plan.tells) {
    append_note(plan.note);
  }
}

void give_up_following(Plan& plan) {
  if (!plan.tells) {
    plan.tells = true;
    tell(plan);
  }
}

void take_back(const Plan& plan) {
  if (!plan.tells) {
    return;
  }
  ExecNote note = plan.note;
  note.why = ExecWhy::returned;
  note.t_ns = clock::now_ns();
  append_note(note);
}

}  // namespace sockwatch::shim::exec
