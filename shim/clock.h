// CLOCK_MONOTONIC, the kernel's own.
//
// Not the clock_gettime of the process: a preloaded libfaketime would answer for it, and times of a
// trace must be comparable between processes. The function is taken from the vdso image the kernel
// maps into every process; where there is none, the system call does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>

namespace sockwatch::shim::clock {

// Finds the vdso. Called once by the constructor; before it `now_ns` makes the system call.
void start();
// Makes `now_ns` use the system call again where prctl(option, first, ...) is about to forbid the
// time-stamp counter, which the vdso reads.
void before_prctl(int option, long first);
// Whether the time is read without one.
bool in_vdso();

// Nanoseconds on CLOCK_MONOTONIC. Async-signal-safe, leaves errno alone.
std::uint64_t now_ns();
// The same as of the last tick of the kernel (1 to 10 ms ago), and far cheaper. 0 where it would
// take a system call.
std::uint64_t coarse_now_ns();
// Nanoseconds since 1970, CLOCK_REALTIME.
std::uint64_t wall_ns();

// Address of a function in an ELF image that is mapped at `image` as the vdso is (one loadable
// segment), or nullptr. Nothing outside `size` bytes is read (0: take the size from the image).
const void* find_in_image(const void* image, std::size_t size, const char* symbol);

// A period as the C library passes it, in ns; negative members give 0, huge ones the largest value.
std::int64_t to_ns(const timespec& time);
std::int64_t to_ns(const timeval& time);

}  // namespace sockwatch::shim::clock
