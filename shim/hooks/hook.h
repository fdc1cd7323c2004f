// How a hook is written:
//
//   extern "C" int hook_listen(int fd, int backlog) SOCKWATCH_EXPORT("listen");
//   int hook_listen(int fd, int backlog) { ... real::listen(fd, backlog) ... }
//
// The C++ name differs from the exported one, so that the declarations of the system's headers do
// not bind us: not their nonnull (a null pointer is the host's right), not their noexcept (a thread
// may be cancelled in the real call). Nothing with a destructor may live across the real call.
#pragma once

#define SOCKWATCH_EXPORT(symbol) __asm__(symbol) __attribute__((visibility("default"), used))
// Another exported name for a function of the same file.
#define SOCKWATCH_TWIN_OF(target, symbol) \
  __asm__(symbol) __attribute__((alias(target), visibility("default")))
