#include "shim/own_table.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "shim/membership.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"
#include "shim/thread.h"

namespace sockwatch::shim::own_table {
namespace {

// By kernel, in the child of a vfork too: that one is alone.
constexpr char kThreads[] = "/proc/self/task";
constexpr long kLinksOfOne = 3;  // of a folder with one folder in it

#if defined(SYS_newfstatat)
constexpr long kStat = SYS_newfstatat;
#else
constexpr long kStat = SYS_fstatat;
#endif

}  // namespace

bool is_shared() {
  if (!state::recording()) {
    return false;
  }
  const Questions questions;
  struct stat status;
  if (questions && !raw::failed(raw::call(kStat, AT_FDCWD, kThreads, &status, 0))) {
    return static_cast<long>(status.st_nlink) > kLinksOfOne;
  }
  const Process& process = process::current();
  return process.pid.load(std::memory_order_relaxed) != 0 && !process::is_borrowed(process);
}

void taken() {
  membership::tell();
  thread::mine.foreign |= thread::kOwnTable;
}

}  // namespace sockwatch::shim::own_table
