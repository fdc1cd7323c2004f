// Descriptors that are about to be closed.
//
// The event is written before the real call (kBegin): the number may belong to another thread's
// socket by the time the call returns, and the TCP picture is gone. There is no second event: on
// Linux a close of an open descriptor frees it whatever it returns.
//
// A child of vfork runs on its parent's memory with descriptors of its own. Its closes are not the
// parent's, so they are neither recorded nor entered in the table.
#pragma once

#include <cstdint>

#include "shim/fd_table.h"
#include "shim/wire/event.h"

namespace sockwatch::shim::closing {

// close, fclose: `fd` has bits in the table. Keeps errno.
void before_close(wire::Op op, int fd);

// close_range, closefrom: one event for each tracked descriptor in it. Keeps errno.
void before_close_range(wire::Op op, unsigned first, unsigned last);

// dup2, dup3: `target` will be closed if `from` is a descriptor. Keeps errno.
void before_replace(wire::Op op, int from, int target);

// dup and its relatives: `made` is the same socket as `from`. `command` is F_DUPFD or
// F_DUPFD_CLOEXEC for fcntl, else 0. Keeps errno.
void after_copy(wire::Op op, int from, int made, int command);

}  // namespace sockwatch::shim::closing
