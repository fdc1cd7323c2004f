// Survives a mapped file that becomes shorter than its mapping.
//
// Whoever may write a segment may also truncate it, and then every touch of the missing part raises
// SIGBUS in the one who reads. While a BusGuard watches a range, such a fault maps a page of zeroes
// at the place, notes that the range is broken, and the interrupted access goes on. A fault outside
// every watched range gets the action that was there before us.
#pragma once

#include <cstddef>

namespace sockwatch::drain {

struct GuardedRange;

class BusGuard {
 public:
  BusGuard() = default;
  // Watches [begin, begin + length). Both are multiples of the page size. The mapping must outlive
  // the guard.
  BusGuard(void* begin, std::size_t length);
  ~BusGuard();
  BusGuard(BusGuard&& other) noexcept;
  BusGuard& operator=(BusGuard&& other) noexcept;

  // A page of the range was missing when it was touched: nothing read from it since counts.
  bool broken() const;

 private:
  void release();
  GuardedRange* range_ = nullptr;
};

}  // namespace sockwatch::drain
