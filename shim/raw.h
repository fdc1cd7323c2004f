// System calls made directly, for the library's own questions to the kernel.
//
// No errno is touched (a failure is returned as -errno), no cancellation point is passed and no
// name is used that somebody else could interpose. All of it may be called from a signal handler.
#pragma once

#include <sys/syscall.h>

#include <type_traits>

namespace sockwatch::shim::raw {

#if defined(__x86_64__)
inline long call6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
// Sets no more registers than it has to: the clock where there is no vdso.
inline long call2(long number, long a, long b) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
inline long call2(long number, long a, long b) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory", "cc");
  return x0;
}
inline long call6(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory", "cc");
  return x0;
}
#else
#error "no system call sequence for this machine"
#endif

template <class T>
long word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    return static_cast<long>(value);
  }
}

template <class A = long, class B = long, class C = long, class D = long, class E = long,
          class F = long>
long call(long number, A a = {}, B b = {}, C c = {}, D d = {}, E e = {}, F f = {}) {
  return call6(number, word(a), word(b), word(c), word(d), word(e), word(f));
}

// What the kernel returns for a failure: -4095 ... -1.
inline bool failed(long result) { return static_cast<unsigned long>(result) > -4096UL; }

// Lets others run. Not sched_yield: on Linux 6.18 each one gives away what the thread had still
// coming to it, and a thousand of them leave it without a processor for seconds.
//
// The program may have said that its sleeps can take longer by so much (PR_SET_TIMERSLACK, 50 us
// unless told otherwise): not ours.
inline void doze() {
  constexpr int kSetSlack = 29;
  constexpr int kGetSlack = 30;
  constexpr long kUsualSlack = 50'000;
  constexpr long kNs = 20'000;
  const long time[2] = {0, kNs};  // struct timespec
  const long slack = call(SYS_prctl, kGetSlack);
  if (slack > kUsualSlack) {
    call(SYS_prctl, kSetSlack, 1);
  }
  call(SYS_nanosleep, time, nullptr);
  if (slack > kUsualSlack) {
    call(SYS_prctl, kSetSlack, slack);
  }
}

}  // namespace sockwatch::shim::raw
