// What kind of call an op is, and what it is called in a trace.
#pragma once

#include <string_view>

#include "shim/wire/event.h"

namespace sockwatch::connect {

std::string_view name(wire::Op op);  // "epoll_wait"; "?" for a number the list does not have

bool is_send(wire::Op op);
bool is_receive(wire::Op op);
bool is_poll_family(wire::Op op);   // waits that name their descriptors
bool is_epoll_wait(wire::Op op);    // waits on a set
bool is_close_family(wire::Op op);  // written before the real call; no second event counts
bool is_lookup(wire::Op op);

// The word of column budget_source for a wait that expired.
const char* budget_source(wire::Op wait);

}  // namespace sockwatch::connect
