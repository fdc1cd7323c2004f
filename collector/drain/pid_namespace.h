// Processes that have other numbers for themselves than for us: targets in a PID namespace of their
// own (unshare
// --pid, containers started by the target).
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace sockwatch::drain {

// Our number for the process that calls itself `pid` in the PID namespace with that inode (0: not
// known, taken for ours); 0 if there is none any more. Reads all of /proc where the namespace is
// not ours, else nothing. /proc/PID/status has the numbers in a line NSpid, outermost first
// (Linux 4.1).
pid_t pid_here(pid_t pid, std::uint64_t pid_namespace);

}  // namespace sockwatch::drain
