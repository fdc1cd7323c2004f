// Reading memory the caller named, before the kernel has said whether it accepts it.
//
// A program may pass any pointer to connect or select and gets EFAULT for a bad one; with us it
// must not get SIGSEGV.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/wire/segment.h"

namespace sockwatch::shim {

// An address at the upper end of the main thread's stack, as the kernel laid it out. Called once,
// by the constructor; without it every question goes to the kernel each time.
void main_stack_ends(std::uintptr_t address);

// Whether the caller runs on it, with hundreds of KiB left as programs have them.
bool on_main_stack();

// True if `bytes` bytes at `address` can be read (every page of the range). Costs nothing when the
// range shares a page with our own stack frame, or lies on pages of the main thread's stack that
// were asked about before; else a system call a page, about 0.6 us. False under seccomp, where we
// may not ask.
bool readable(const void* address, std::size_t bytes);

// Reads what the caller named; of the last few pages it remembers that they can be read. A list and
// its texts mostly lie in two or three.
class CallerMemory {
 public:
  // `asks`: false where the kernel cannot be asked. Then it is read as it is, and a program that
  // names memory it does not have dies of it.
  explicit CallerMemory(bool asks) : asks_(asks) {}

  bool has(const void* address, std::size_t bytes) {
    if (!asks_) {
      return address != nullptr;
    }
    const auto first = reinterpret_cast<std::uintptr_t>(address) / wire::kPage;
    const auto last = (reinterpret_cast<std::uintptr_t>(address) + bytes - 1) / wire::kPage;
    if (first == last) {
      for (const std::uintptr_t page : pages_) {
        if (page == first) {
          return true;
        }
      }
    }
    if (!readable(address, bytes)) {
      return false;
    }
    pages_[next_++ % kPages] = last;
    return true;
  }

  static constexpr long kUnreadable = -1;

  // Its length without the NUL; unreadable is also what is longer than anything the kernel takes.
  long text(const char* from) {
    constexpr std::size_t kMostText = 128 * 1024;  // MAX_ARG_STRLEN
    const long length = text_up_to(from, kMostText);
    return length == kMostText ? kUnreadable : length;
  }

  // The same of its first `most` bytes.
  long text_up_to(const char* from, std::size_t most) {
    for (std::size_t length = 0; length < most; ++length) {
      if (!has(from + length, 1)) {
        return kUnreadable;
      }
      if (from[length] == '\0') {
        return static_cast<long>(length);
      }
    }
    return static_cast<long>(most);
  }

  bool starts(const char* from, const char* with, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
      if (!has(from + i, 1) || from[i] != with[i]) {
        return false;
      }
    }
    return true;
  }

  // The next entry of a list that ends with a null pointer. False: it cannot be read.
  bool entry(char* const* at, const char*& into) {
    if (!has(static_cast<const void*>(at), sizeof(*at))) {
      return false;
    }
    into = *at;
    return into == nullptr || has(into, 1);
  }

 private:
  bool asks_;
  static constexpr std::uintptr_t kNone = ~std::uintptr_t{0};
  static constexpr std::size_t kPages = 4;
  std::uintptr_t pages_[kPages] = {kNone, kNone, kNone, kNone};
  std::size_t next_ = 0;
};

}  // namespace sockwatch::shim
