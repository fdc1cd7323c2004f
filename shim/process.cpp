#include "shim/process.h"

#include <pthread.h>
#include <sys/mman.h>

#include <ctime>

#include "shim/own_memory.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"

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
// clone. The clock of a thread is made from its id, in the kernel's way.
bool is_unknown_to_libc() {
  clockid_t clock = 0;
  return pthread_getcpuclockid(pthread_self(), &clock) == 0 &&
         raw::call(SYS_gettid) != ~static_cast<long>(clock >> 3);
}

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
  // Several threads may do this at once: they store the same values.
  process->pid.store(static_cast<std::int32_t>(raw::call(SYS_getpid)), std::memory_order_relaxed);
  process->limit.store(kDescriptors, std::memory_order_relaxed);
  std::uint64_t expected = 0;
  process->generation.compare_exchange_strong(
      expected, last_generation.fetch_add(1, std::memory_order_relaxed) + 1,
      std::memory_order_acq_rel);
  return process;
}

bool is_borrowed(const Process& process) {
  // Under seccomp the question may not be asked; vfork is then not expected either.
  const Questions questions;
  return questions && raw::call(SYS_getpid) != process.pid.load(std::memory_order_relaxed);
}

}  // namespace sockwatch::shim::process
