// System calls that need a descriptor, made where it is nobody else's.
//
// A descriptor in the program's table is in its way, were it for microseconds: another thread may
// put a file of its own onto the number (dup2), close it, count on the lowest free one, or fork. So
// where there are other threads such work is done by one more, with a table of its own, on our
// stack and in our memory, while we wait. It has the same process and the same memory; what it
// opens goes with it, and a close in it drops no lock of the program's.
#pragma once

namespace sockwatch::shim::apart {

// How many threads the kernel counts in this process, those that libc does not know too: in the
// child of a vfork one. 0: there is no /proc. Questions must be allowed.
long threads();

// Runs `work(argument)`: itself where the process has no other thread, else beside. `work` makes
// raw system calls only: the thread is none libc knows, and errno and thread-local variables are
// the caller's. Signals must be held back by the caller, and questions be allowed. False: no such
// thread can be made (a limit, an emulator) or must be (the
// caller has a priority that it would not have); nothing was run.
bool run(void (*work)(void*), void* argument);

enum class Table : bool {
  empty,
  copy,  // what another thread closes meanwhile stays open until the work is done
};       // Before Linux 5.9 there is only the copy.

// The same, always beside. About 30 us.
bool run_beside(void (*work)(void*), void* argument, Table table = Table::empty);

}  // namespace sockwatch::shim::apart
