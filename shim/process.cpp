#include "shim/process.h"

#include <pthread.h>
#include <sys/mman.h>

#include <ctime>

#include "shim/own_memory.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"
#include "shim/thread.h"

// The name as old C libraries have it: a library built here loads there.
#if defined(__x86_64__)
__asm__(".symver pthread_getcpuclockid,pthread_getcpuclockid@GLIBC_2.2.5");
#elif defined(__aarch64__)
__asm__(".symver pthread_getcpuclockid,pthread_getcpuclockid@GLIBC_2.17");
#endif

namespace sockwatch::shim::process {
namespace {

constinit Process nothing{};
// Not wiped: a child counts on from its parent's value, so no generation is used twice in a line of
// forks.
constinit std::atomic<std::uint64_t> last_generation{0};

// True where the thread has an id that libc does not know it by: in a child of vfork, and of a raw
// clone.
bool is_unknown_to_libc() { return raw::call(SYS_gettid) != thread_of_libc(); }

Process* map() {
  const long address = map_own(kMappingSize, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  if (raw::failed(address)) {
    state::disable("no memory for the descriptor table");
    return nullptr;
  }
  if (raw::failed(raw::call(SYS_madvise, address, kMappingSize, MADV_WIPEONFORK))) {
    raw::call(SYS_munmap, address, kMappingSize);
    state::disable("the kernel has no MADV_WIPEONFORK (Linux 4.14)");
    return nullptr;
  }
  // One touched descriptor must not cost a huge page of the target's memory.
  raw::call(SYS_madvise, address, kMappingSize, MADV_NOHUGEPAGE);
  auto* mine = reinterpret_cast<Process*>(address);
  Process* expected = &nothing;
  if (!block.compare_exchange_strong(expected, mine, std::memory_order_acq_rel)) {
    raw::call(SYS_munmap, address, kMappingSize);  // another thread was first
    return expected;
  }
  return mine;
}

}  // namespace

constinit std::atomic<Process*> block{&nothing};

long thread_of_libc() {
  clockid_t clock = 0;
  return pthread_getcpuclockid(pthread_self(), &clock) == 0 ? ~static_cast<long>(clock >> 3) : 0;
}

Process* ensure() {
  Process* process = &current();
  if (process->generation.load(std::memory_order_acquire) != 0) {
    return process;
  }
  const Questions questions;
  if (!questions) {
    return nullptr;
  }
  if (process == &nothing) {
    // A child of vfork would make its parent's memory its own. Of a raw clone we cannot tell it: a
    // process that had no socket before, made in that way, is not recorded.
    if (is_unknown_to_libc()) {
      return nullptr;
    }
    process = map();
    if (process == nullptr) {
      return nullptr;
    }
  }
  // The child of a fork has said who it is already (forked), unless it was made by the bare call.
  const auto pid = static_cast<std::int32_t>(raw::call(SYS_getpid));
  const std::int32_t owner = process->pid.load(std::memory_order_relaxed);
  if (owner != 0 ? owner != pid : thread::mine.foreign != 0 && is_unknown_to_libc()) {
    thread::mine.foreign |= thread::kBorrower;
    return nullptr;
  }
  // Several threads may do this at once: they store the same values.
  process->pid.store(pid, std::memory_order_relaxed);
  process->limit.store(kDescriptors, std::memory_order_relaxed);
  std::uint64_t expected = 0;
  process->generation.compare_exchange_strong(
      expected, last_generation.fetch_add(1, std::memory_order_relaxed) + 1,
      std::memory_order_acq_rel);
  return process;
}

bool is_borrowed(const Process& process) {
  std::uint32_t& foreign = thread::mine.foreign;
  if ((foreign & thread::kOwnTable) != 0) {
    return true;
  }
  const std::int32_t owner = process.pid.load(std::memory_order_relaxed);
  if (owner == 0) {
    return false;  // there is no table
  }
  const Questions questions;
  if (!questions) {
    return (foreign & thread::kBorrower) !=
           0;  // as it was when the filter came, or as our vfork knows it
  }
  // The parent goes on when its child has gone: then nobody else runs on this memory.
  const bool own = raw::call(SYS_getpid) == owner;
  foreign = own ? 0U : unsigned{thread::kBorrower};
  return !own;
}

void forked() {
  thread::mine.foreign = 0;
  Process& process = current();
  const Questions questions;
  if (&process != &nothing && questions) {
    process.pid.store(static_cast<std::int32_t>(raw::call(SYS_getpid)), std::memory_order_relaxed);
  }
}

}  // namespace sockwatch::shim::process
