// Reading memory the caller named, before the kernel has said whether it accepts it.
//
// A program may pass any pointer to connect or select and gets EFAULT for a bad one; with us it
// must not get SIGSEGV.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sockwatch::shim {

// An address at the upper end of the main thread's stack, as the kernel laid it out. Called once,
// by the constructor; without it every question goes to the kernel.
void main_stack_ends(std::uintptr_t address);

// True if `bytes` bytes at `address` can be read (every page of the range). Costs nothing when the
// range shares a page with our own stack frame or lies above it on the main thread's stack, else a
// system call a page, about 0.6 us. False under seccomp, where we may not ask.
bool readable(const void* address, std::size_t bytes);

}  // namespace sockwatch::shim
