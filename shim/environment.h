// The environment a program is started with, read where it lies in the caller's memory, and made
// anew on the caller's stack.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/caller_memory.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::environment {

// Reads what the caller named; of the last few pages it remembers that they can be read. A list and
// its texts mostly lie in two or three.
class Memory {
 public:
  bool has(const void* address, std::size_t bytes) {
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

  // Its length without the NUL; -1: not readable, or longer than anything the kernel takes.
  long text(const char* from) {
    constexpr std::size_t kMostText = 128 * 1024;  // MAX_ARG_STRLEN
    for (std::size_t length = 0; length < kMostText; ++length) {
      if (!has(from + length, 1)) {
        return -1;
      }
      if (from[length] == '\0') {
        return static_cast<long>(length);
      }
    }
    return -1;
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
  static constexpr std::uintptr_t kNone = ~std::uintptr_t{0};
  static constexpr std::size_t kPages = 4;
  std::uintptr_t pages_[kPages] = {kNone, kNone, kNone, kNone};
  std::size_t next_ = 0;
};

// What an environment says that matters to us. Index -1: not there.
struct Variables {
  long count = -1;  // entries; -1: it cannot be read
  long preload = -1;
  long directory = -1;
  long detail = -1;
  long follow = -1;
  long asan = -1;
  bool names_library = false;
  bool same_directory = false;
  bool any_order = false;  // ASAN_OPTIONS has the word already
};

// Leaves `found.count` at -1 where something cannot be read.
void read(Memory& memory, char* const* environment, Variables& found);

// Bytes for one with our variables, or for one without the library, aligned as a pointer. 0: it
// must stay as it is, because it belongs to another recording, the user did not ask for more, or it
// is too large for the stack.
std::size_t room_with_ours(char* const* environment, const Variables& found);
std::size_t room_without_library(char* const* environment, const Variables& found);

// Make them in `room`.
char* const* with_ours(char* const* environment, const Variables& found, void* room);
char* const* without_library(char* const* environment, const Variables& found, void* room);

}  // namespace sockwatch::shim::environment
