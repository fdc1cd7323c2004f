#include "shim/own_memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>

#include "shim/raw.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim {
namespace {

// Above programs and their heaps, below libraries and stacks. No more than a wish to the kernel.
constexpr std::uintptr_t kApart = 0x5a0000000000;
constinit std::atomic<std::uintptr_t> used{0};

}  // namespace

long map_own(std::size_t size, int flags, long fd) {
  const std::uintptr_t wish =
      kApart + used.fetch_add(wire::round_to_page(size), std::memory_order_relaxed);
  const long address = raw::call(SYS_mmap, wish, size, PROT_NONE, flags, fd, 0);
  if (raw::failed(address)) {
    return address;
  }
  raw::call(SYS_munlock, address, size);
  raw::call(SYS_madvise, address, size, MADV_DONTDUMP);
  const long opened = raw::call(SYS_mprotect, address, size, PROT_READ | PROT_WRITE);
  if (raw::failed(opened)) {
    raw::call(SYS_munmap, address, size);
    return opened;
  }
  return address;
}

}  // namespace sockwatch::shim
