#include "shim/apart.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include <cstdint>

#include "shim/raw.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace sockwatch::shim::apart {
namespace {

// CLONE_THREAD: no child anybody could wait for. With a new namespace of process ids waiting for
// its first child the kernel refuses that, so that we are not the first child. Not CLONE_VFORK: who
// waits for one cannot be stopped, and a stop of the whole process would not come to its end.
constexpr unsigned long kFlags =
    CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_FS | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
constexpr int kFutexWait = 0;  // FUTEX_WAIT, not private: as the kernel wakes

// The thread uses the stack below our frame, which nothing of ours does until it has ended: the
// kernel then makes `alive` 0 and wakes us.
[[gnu::noinline]] long clone_and_run(unsigned long flags, void (*work)(void*), void* argument) {
  std::uint32_t alive = 1;
#if defined(__x86_64__)
  long result = SYS_clone;
  unsigned long first = flags;
  long second = 0;
  long third = 0;
  register auto child_tid __asm__("r10") = reinterpret_cast<long>(&alive);
  register long no_tls __asm__("r8") = 0;
  register auto what __asm__("r12") = work;
  register auto with __asm__("r13") = argument;
  register long thread __asm__("r14") = 0;
  register auto word __asm__("r15") = &alive;
  __asm__ volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "js 4f\n\t"
      "jz 3f\n\t"
      "movq %%rax, %%r14\n"
      "1:\n\t"
      "movl (%%r15), %%edx\n\t"
      "testl %%edx, %%edx\n\t"
      "jz 2f\n\t"
      "movq %%r15, %%rdi\n\t"
      "movl %[wait], %%esi\n\t"
      "xorl %%r10d, %%r10d\n\t"
      "movl %[futex], %%eax\n\t"
      "syscall\n\t"
      "jmp 1b\n"
      "2:\n\t"
      "movq %%r14, %%rax\n\t"
      "jmp 4f\n"
      "3:\n\t"
      "subq $256, %%rsp\n\t"  // a leaf function keeps variables below its stack pointer
      "andq $-16, %%rsp\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "movq %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "xorl %%edi, %%edi\n\t"
      "movl %[exit], %%eax\n\t"
      "syscall\n\t"
      "ud2\n"
      "4:"
      : "+a"(result), "+D"(first), "+S"(second), "+d"(third), "+r"(child_tid), "+r"(thread)
      : "r"(no_tls), "r"(what), "r"(with),
        "r"(word), [exit] "i"(SYS_exit), [futex] "i"(SYS_futex), [wait] "i"(kFutexWait)
      : "rcx", "r11", "memory", "cc");
  return result;
#elif defined(__aarch64__)
  register long number __asm__("x8") = SYS_clone;
  register unsigned long first __asm__("x0") = flags;
  register long stack __asm__("x1") = 0;
  register long parent_tid __asm__("x2") = 0;
  register long tls __asm__("x3") = 0;
  register auto child_tid __asm__("x4") = &alive;
  register auto what __asm__("x19") = work;
  register auto with __asm__("x20") = argument;
  register long thread __asm__("x21") = 0;
  register auto word __asm__("x22") = &alive;
  __asm__ volatile(
      "svc #0\n\t"
      "cbz x0, 3f\n\t"
      "tbnz x0, #63, 4f\n\t"
      "mov x21, x0\n"
      "1:\n\t"
      "ldr w2, [x22]\n\t"
      "cbz w2, 2f\n\t"
      "mov x0, x22\n\t"
      "mov x1, %[wait]\n\t"
      "mov x3, #0\n\t"
      "mov x8, %[futex]\n\t"
      "svc #0\n\t"
      "b 1b\n"
      "2:\n\t"
      "mov x0, x21\n\t"
      "b 4f\n"
      "3:\n\t"
      "sub sp, sp, #256\n\t"
      "mov x29, #0\n\t"
      "mov x0, x20\n\t"
      "blr x19\n\t"
      "mov x0, #0\n\t"
      "mov x8, %[exit]\n\t"
      "svc #0\n\t"
      "brk #1\n"
      "4:"
      : "+r"(first), "+r"(stack), "+r"(parent_tid), "+r"(tls), "+r"(number), "+r"(thread)
      : "r"(child_tid), "r"(what), "r"(with),
        "r"(word), [exit] "i"(SYS_exit), [futex] "i"(SYS_futex), [wait] "i"(kFutexWait)
      : "memory", "cc");
  return static_cast<long>(first);
#endif
}

struct Task {
  void (*work)(void*);
  void* argument;
  bool done;
};

// From the program's table to an empty one (Linux 5.9).
void in_empty_table(void* argument) {
  auto& task = *static_cast<Task*>(argument);
  constexpr unsigned kUnshare = 1U << 1;  // CLOSE_RANGE_UNSHARE
  if (!raw::failed(raw::call(SYS_close_range, 0, ~0U, kUnshare))) {
    task.work(task.argument);
    task.done = true;
  }
}

void in_copy(void* argument) {
  auto& task = *static_cast<Task*>(argument);
  task.work(task.argument);
  task.done = true;
}

// It has let go of our memory, but counts as a thread for a moment more, and some calls are for
// programs with one thread (unshare, setns). One that is traced stays until its tracer has looked
// at it, which is not waited for.
void wait_until_gone(long thread) {
  constexpr int kQuickLooks = 20;
  constexpr int kMostLooks = 70;
  const long pid = raw::call(SYS_getpid);
  for (int i = 0; i < kMostLooks && raw::call(SYS_tgkill, pid, thread, 0) == 0; ++i) {
    if (i >= kQuickLooks) {
      raw::doze();
    }
  }
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

// A thread of real-time priority whose children have none would wait for one that waits for a
// processor.
bool would_lose_priority() {
  constexpr long kResetOnFork = 0x40000000;  // SCHED_RESET_ON_FORK
  const long policy = raw::call(SYS_sched_getscheduler, 0);
  return !raw::failed(policy) && (policy & kResetOnFork) != 0 &&
         (policy & ~kResetOnFork) != SCHED_OTHER;
}

}  // namespace

long threads() {
  // One link for each beside those a directory has of itself.
  struct stat status {};
  constexpr long kDirectory = 2;
  return raw::failed(raw::call(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &status, 0))
             ? 0
             : static_cast<long>(status.st_nlink) - kDirectory;
}

bool run(void (*work)(void*), void* argument) {
  if (threads() == 1) {
    work(argument);
    return true;
  }
  return run_beside(work, argument);
}

bool run_beside(void (*work)(void*), void* argument, Table table) {
  if (in_valgrind()) {  // one thread at a time runs there
    work(argument);
    return true;
  }
  if (would_lose_priority()) {
    return false;
  }
  Task task{work, argument, false};
  if (table == Table::empty) {
    if (const long thread = clone_and_run(kFlags | CLONE_FILES, in_empty_table, &task);
        !raw::failed(thread)) {
      wait_until_gone(thread);
    }
  }
  if (!task.done) {
    if (const long thread = clone_and_run(kFlags, in_copy, &task); !raw::failed(thread)) {
      wait_until_gone(thread);
    }
  }
  return task.done;
}

}  // namespace sockwatch::shim::apart
