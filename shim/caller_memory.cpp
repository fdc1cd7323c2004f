#include "shim/caller_memory.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"
#include "shim/wire/segment.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22  // Linux 5.14
#endif

namespace sockwatch::shim {
namespace {

constexpr std::uintptr_t kPageMask = ~static_cast<std::uintptr_t>(wire::kPage - 1);

// The upper end of the main thread's stack, and how much of it programs have at the least.
constexpr std::uintptr_t kStackWanted = std::uintptr_t{1} << 20;
constinit std::uintptr_t main_stack_end = 0;

bool in_main_stack(std::uintptr_t first, std::uintptr_t last, std::uintptr_t frame) {
  // A range that wraps ((void*)-1 is MAP_FAILED) begins above the stack and ends below it.
  return frame <= first && first <= last && last < main_stack_end &&
         main_stack_end - frame < kStackWanted;
}

// Pages of the main thread's stack that the kernel called readable once. Not every one above our
// frame is: the program may have protected some (stacks of its own making end so), and what runs
// just below that stack is perhaps no part of it.
constexpr std::size_t kKnownPages = 16;
constinit std::atomic<std::uintptr_t> known_pages[kKnownPages]{};

std::atomic<std::uintptr_t>& place_of(std::uintptr_t page) {
  return known_pages[page / wire::kPage % kKnownPages];
}
bool is_known(std::uintptr_t page) {
  return place_of(page).load(std::memory_order_relaxed) == page;
}

// Before Linux 5.14: rt_sigprocmask copies the new set in before it looks at `how`; with a `how`
// that does not exist it answers EFAULT for memory that cannot be read and EINVAL for memory that
// can, and changes nothing. Valgrind remarks on it, and in strace it looks like a mistake.
bool word_readable(std::uintptr_t address) {
  constexpr int kNoSuchHow = -1;
  constexpr std::size_t kKernelSetSize = 8;
  return raw::call(SYS_rt_sigprocmask, kNoSuchHow, address & ~std::uintptr_t{7}, nullptr,
                   kKernelSetSize) == -EINVAL;
}

// Makes the page present, as reading it would, and says whether that is possible. Every sandbox
// allows madvise, which process_vm_readv cannot say.
bool page_readable(std::uintptr_t address) {
  const long answer = raw::call(SYS_madvise, address & kPageMask, wire::kPage, MADV_POPULATE_READ);
  // EINVAL: an older kernel, larger pages, or memory without the right to read.
  return answer == 0 || (answer == -EINVAL && word_readable(address));
}

}  // namespace

void main_stack_ends(std::uintptr_t address) { main_stack_end = address; }

bool on_main_stack() {
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return in_main_stack(frame, frame, frame);
}

bool readable(const void* address, std::size_t bytes) {
  if (address == nullptr) {
    return false;
  }
  if (bytes == 0) {
    return true;
  }
  const auto first = reinterpret_cast<std::uintptr_t>(address);
  const std::uintptr_t last = first + bytes - 1;
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const std::uintptr_t own = frame & kPageMask;
  const bool on_stack = in_main_stack(first, last, frame);
  const auto is_sure = [&](std::uintptr_t page) {
    return page == own || (on_stack && is_known(page));
  };
  const std::uintptr_t begin = first & kPageMask;
  const std::uintptr_t end = last & kPageMask;
  if (is_sure(begin) && (begin == end || (end - begin == wire::kPage && is_sure(end)))) {
    return true;
  }
  const Questions questions;
  if (last < first || !questions) {
    return false;
  }
  for (std::uintptr_t page = begin;; page += wire::kPage) {
    if (!is_sure(page)) {
      if (!page_readable(page)) {
        return false;
      }
      if (on_stack) {
        place_of(page).store(page, std::memory_order_relaxed);
      }
    }
    if (page == end) {
      return true;
    }
  }
}

}  // namespace sockwatch::shim
