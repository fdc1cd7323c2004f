// What a collector gives up before it looks at anything of the programs it records.
#pragma once

#include "collector/support/result.h"

namespace sockwatch::drain {

// From here on this process, with all threads it starts later, gains no privilege and gets EPERM
// from every call that reaches a network, another process or a new program, types into a terminal
// or changes the machine. Who takes it over through forged memory can spoil its trace and do little
// else. A call that is merely unknown is allowed: a trace must not be lost because a C library has
// learned a new one.
//
// To be called by a process with one thread. An Error: the kernel refused, and nothing or only a
// part is given up; recording works all the same.
Status confine();

}  // namespace sockwatch::drain
