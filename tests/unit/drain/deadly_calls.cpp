#include "tests/unit/drain/deadly_calls.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>

namespace sockwatch::drain {
namespace {

std::atomic<int> deadly{0};
std::atomic<int> made{0};

bool is_deadly() { return ++made == deadly.load(); }

[[noreturn]] void die() {
  ::raise(SIGKILL);
  for (;;) ::pause();
}

ssize_t system_pwrite(int fd, const void* bytes, std::size_t length, off_t at) {
  return ::syscall(SYS_pwrite64, fd, bytes, length, at);
}

}  // namespace

void die_at_call(int number) {
  made = 0;
  deadly = number;
}

int calls_made() { return made.load(); }

}  // namespace sockwatch::drain

// They take the place of the C library's for the whole program, SQLite included.
extern "C" {

ssize_t pwrite64(int fd, const void* bytes, std::size_t length, off64_t at) {
  using namespace sockwatch::drain;
  if (!is_deadly()) return system_pwrite(fd, bytes, length, at);
  system_pwrite(fd, bytes, length / 2, at);
  die();
}
ssize_t pwrite(int fd, const void* bytes, std::size_t length, off_t at) {
  return pwrite64(fd, bytes, length, at);
}

ssize_t pwritev64(int fd, const iovec* pieces, int count, off64_t at) {
  using namespace sockwatch::drain;
  if (!is_deadly()) return ::syscall(SYS_pwritev, fd, pieces, count, at, 0L);
  for (int i = 0; i < count; ++i) {  // up to the middle of the last piece
    const std::size_t length = i + 1 < count ? pieces[i].iov_len : pieces[i].iov_len / 2;
    system_pwrite(fd, pieces[i].iov_base, length, at);
    at += static_cast<off_t>(length);
  }
  die();
}
ssize_t pwritev(int fd, const iovec* pieces, int count, off_t at) {
  return pwritev64(fd, pieces, count, at);
}

int ftruncate64(int fd, off64_t length) noexcept {
  using namespace sockwatch::drain;
  if (is_deadly()) die();
  return static_cast<int>(::syscall(SYS_ftruncate, fd, length));
}
int ftruncate(int fd, off_t length) noexcept { return ftruncate64(fd, length); }

int unlinkat(int directory, const char* name, int flags) noexcept {
  using namespace sockwatch::drain;
  if (is_deadly()) die();
  return static_cast<int>(::syscall(SYS_unlinkat, directory, name, flags));
}
int unlink(const char* name) noexcept {
  using namespace sockwatch::drain;
  if (is_deadly()) die();
  return static_cast<int>(::syscall(SYS_unlink, name));
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) noexcept {
  using namespace sockwatch::drain;
  if (is_deadly()) die();
  return static_cast<int>(::syscall(SYS_renameat, from_directory, from, to_directory, to));
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  using namespace sockwatch::drain;
  if (is_deadly()) die();
  return static_cast<int>(::syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
}

}  // extern "C"
