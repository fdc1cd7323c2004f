// Kills the process at a chosen one of the calls by which a collector changes anything that
// outlives it: writes, truncations, renames and removals of files, its own and SQLite's. Between
// two of them it changes nothing but shared memory, and that only right after a write; so these are
// all states a SIGKILL can leave behind.
#pragma once

namespace sockwatch::drain {

// The call of this number (from 1) in this process is not made, or only half made if it is a write,
// and the process is killed.
void die_at_call(int number);
// Nothing happens, calls are counted.
int calls_made();

}  // namespace sockwatch::drain
