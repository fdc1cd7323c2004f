// Work begun in a thread of its own where one is wanted and can be had, otherwise done when its
// result is asked for.
#pragma once

#include <future>
#include <system_error>
#include <utility>

namespace sockwatch {

template <typename Work>
auto begin_beside(bool wanted, Work work) {
  if (wanted) {
    try {
      return std::async(std::launch::async, work);
    } catch (const std::system_error&) {  // no thread to be had
    }
  }
  return std::async(std::launch::deferred, std::move(work));
}

}  // namespace sockwatch
