#include "shim/apart.h"

#include <sched.h>

#include "shim/raw.h"

namespace sockwatch::shim::apart {
namespace {

// CLONE_THREAD: no child anybody could wait for. With a new namespace of process ids waiting for
// its first child the kernel refuses that, so that we are not the first child.
constexpr unsigned long kFlags =
    CLONE_VM | CLONE_VFORK | CLONE_THREAD | CLONE_SIGHAND | CLONE_FS | CLONE_SYSVSEM;

// The thread uses the stack below our frame; we sleep until it has ended.
[[gnu::noinline]] long clone_and_run(void (*work)(void*), void* argument) {
#if defined(__x86_64__)
  long result;
  register long no_tid __asm__("r10") = 0;
  register long no_tls __asm__("r8") = 0;
  register auto what __asm__("r12") = work;
  register auto with __asm__("r13") = argument;
  __asm__ volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "subq $256, %%rsp\n\t"  // a leaf function keeps variables below its stack pointer
      "andq $-16, %%rsp\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "movq %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "xorl %%edi, %%edi\n\t"
      "movl %[exit], %%eax\n\t"
      "syscall\n\t"
      "ud2\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone), "D"(kFlags), "S"(0L), "d"(0L), "r"(no_tid), "r"(no_tls), "r"(what),
        "r"(with), [exit] "i"(SYS_exit)
      : "rcx", "r11", "memory", "cc");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone;
  register long flags __asm__("x0") = kFlags;
  register long stack __asm__("x1") = 0;
  register long parent_tid __asm__("x2") = 0;
  register long tls __asm__("x3") = 0;
  register long child_tid __asm__("x4") = 0;
  register auto what __asm__("x19") = work;
  register auto with __asm__("x20") = argument;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "sub sp, sp, #256\n\t"
      "mov x29, #0\n\t"
      "mov x0, x20\n\t"
      "blr x19\n\t"
      "mov x0, #0\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "brk #1\n"
      "1:"
      : "+r"(flags)
      : "r"(number), "r"(stack), "r"(parent_tid), "r"(tls), "r"(child_tid), "r"(what),
        "r"(with), [exit] "i"(SYS_exit)
      : "memory", "cc");
  return flags;
#endif
}

// Valgrind ends a program that makes such a thread; it has one that asks told so by instructions
// that do nothing otherwise (valgrind.h).
bool in_valgrind() {
  const unsigned long question[6] = {0x1001, 0, 0, 0, 0, 0};  // VG_USERREQ__RUNNING_ON_VALGRIND
  unsigned long answer = 0;
#if defined(__x86_64__)
  __asm__ volatile(
      "rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\t"
      "xchgq %%rbx, %%rbx"
      : "+d"(answer)
      : "a"(question)
      : "cc", "memory");
#elif defined(__aarch64__)
  register unsigned long in_and_out __asm__("x3") = answer;
  register const unsigned long* asked __asm__("x4") = question;
  __asm__ volatile(
      "ror x12, x12, #3\n\tror x12, x12, #13\n\tror x12, x12, #51\n\tror x12, x12, #61\n\t"
      "orr x10, x10, x10"
      : "+r"(in_and_out)
      : "r"(asked)
      : "cc", "memory");
  answer = in_and_out;
#endif
  return answer != 0;
}

}  // namespace

bool run(void (*work)(void*), void* argument) {
  if (in_valgrind()) {
    work(argument);  // one thread at a time runs there
    return true;
  }
  const long thread = clone_and_run(work, argument);
  if (raw::failed(thread)) {
    return false;
  }
  // It has let go of our memory, but counts as a thread for a moment more, and some calls are for
  // programs with one thread (unshare, setns). One that is traced stays until its tracer has looked
  // at it, which is not waited for.
  constexpr int kMostLooks = 50;
  const long pid = raw::call(SYS_getpid);
  for (int i = 0; i < kMostLooks && raw::call(SYS_tgkill, pid, thread, 0) == 0; ++i) {
    raw::doze();
  }
  return true;
}

}  // namespace sockwatch::shim::apart
