#include "shim/caller_memory.h"

#include <cerrno>
#include <cstdint>

#include "shim/raw.h"
#include "shim/state.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim {
namespace {

constexpr std::uintptr_t kPageMask = ~static_cast<std::uintptr_t>(wire::kPage - 1);

// rt_sigprocmask copies the new set in before it looks at `how`; with a `how` that does not exist
// it answers EFAULT for memory that cannot be read and EINVAL for memory that can, and changes
// nothing. Every sandbox allows it, which process_vm_readv cannot say.
bool word_readable(std::uintptr_t address) {
  constexpr int kNoSuchHow = -1;
  constexpr std::size_t kKernelSetSize = 8;
  return raw::call(SYS_rt_sigprocmask, kNoSuchHow, address & ~std::uintptr_t{7}, nullptr,
                   kKernelSetSize) == -EINVAL;
}

}  // namespace

bool readable(const void* address, std::size_t bytes) {
  if (address == nullptr) {
    return false;
  }
  if (bytes == 0) {
    return true;
  }
  const auto first = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t last = first + bytes - 1;
  const std::uintptr_t own =
      reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) & kPageMask;
  if ((first & kPageMask) == own && (last & kPageMask) == own) {
    return true;
  }
  if (last < first || !state::may_ask_kernel()) {
    return false;
  }
  for (std::uintptr_t page = first;; page = (page & kPageMask) + wire::kPage) {
    if (page > last) {
      return true;
    }
    if ((page & kPageMask) != own && !word_readable(page)) {
      return false;
    }
  }
}

}  // namespace sockwatch::shim
