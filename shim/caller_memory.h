// Reading memory the caller named, before the kernel has said whether it accepts it.
//
// A program may pass any pointer to connect or select and gets EFAULT for a bad one; with us it
// must not get SIGSEGV.
#pragma once

#include <cstddef>

namespace sockwatch::shim {

// True if `bytes` bytes at `address` can be read (the range's first and last page; ranges here are
// far below a page). Costs nothing when the range shares a page with our own stack frame, else one
// or two cheap system calls. False under seccomp, where we may not ask.
bool readable(const void* address, std::size_t bytes);

}  // namespace sockwatch::shim
