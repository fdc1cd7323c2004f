// System calls that need a descriptor, made where it is nobody else's.
//
// A descriptor in the program's table is in its way, were it for microseconds: another thread may
// put a file of its own onto the number (dup2), close it, count on the lowest free one, or fork. So
// such work is done by a thread with a table of its own, on our stack and in our memory, while we
// wait (clone with CLONE_VFORK and without CLONE_FILES). It has the same process and the same
// memory; what it opens goes with it, and a close in it drops no lock of the program's.
#pragma once

namespace sockwatch::shim::apart {

// Runs `work(argument)` there. `work` makes raw system calls only: the thread is none libc knows,
// and errno and thread-local variables are the caller's. Signals must be held back by the caller,
// and questions be allowed. False: no such thread can be made (a limit, an emulator); nothing was
// run. About 20 us, and more with thousands of open descriptors.
bool run(void (*work)(void*), void* argument);

}  // namespace sockwatch::shim::apart
