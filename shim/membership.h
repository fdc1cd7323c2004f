// Which epoll sets a connection is in, as far as the collector must know it: a wait on a set that
// expires is a wait for those members that await a reply.
//
// Some programs take a connection out of its set and put it back several times a request
// (redis-benchmark, event loops that add and remove a reader for each call). So that one is out is
// told with the next event of the thread, and not at all if it has come back by then.
#pragma once

#include <sys/epoll.h>

#include "shim/thread.h"

namespace sockwatch::shim::membership {

// After epoll_ctl succeeded. `event` as given to it: not read for EPOLL_CTL_DEL.
void changed(int epoll, int command, int fd, const epoll_event* event);

void tell_left();

// Before the thread publishes an event, and when it ends.
inline void tell() {
  if (thread::mine.left != 0) [[unlikely]] {
    tell_left();
  }
}

}  // namespace sockwatch::shim::membership
