#include "shim/process.h"

#include <sys/mman.h>

#include "shim/raw.h"
#include "shim/state.h"

namespace sockwatch::shim::process {
namespace {

constinit Process nothing{};
// Not wiped: a child counts on from its parent's value, so no generation is used twice in a line of
// forks.
constinit std::atomic<std::uint64_t> last_generation{0};

Process* map() {
  const long address = raw::call(SYS_mmap, nullptr, kMappingSize, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
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
  if (!state::may_ask_kernel()) {
    return nullptr;
  }
  if (process == &nothing) {
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
  return state::may_ask_kernel() &&
         raw::call(SYS_getpid) != process.pid.load(std::memory_order_relaxed);
}

}  // namespace sockwatch::shim::process
