// What a program takes along when it becomes another one, or starts one.
//
// A program that will not load the library is noted in the run directory (wire/exec_note.h): its
// environment does not carry our variables, or it cannot load a library. If the user asked for it
// (SOCKWATCH_FOLLOW=1) a scrubbed environment gets our variables back. A program for another
// machine does not get the library named, because its loader would complain on standard error. And
// behind a seccomp filter of the program's own making nothing is recorded.
//
// The caller may be a child of vfork, a signal handler on a small stack, one of many threads: only
// the stack is written to, nothing is allocated, and no descriptor is opened in the program's table
// (apart.h). errno is not touched.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/environment.h"
#include "shim/wire/exec_note.h"

namespace sockwatch::shim::exec {

struct Call {
  int directory;     // AT_FDCWD, or what `file` is relative to
  const char* file;  // a path, or with `searched` a name to be looked for in PATH
  bool searched;
  char* const* arguments;
  char* const* environment;
};

struct Plan {
  // What the other environment, if there is one, is for.
  enum class Other : std::uint8_t { follows, leaves_out_library, stays_dormant };

  bool tells = false;  // `note` is to be told
  Other other = Other::follows;
  std::size_t room = 0;  // for the environment to give instead; 0: the caller's
  environment::Variables variables;
  wire::ExecNote note;  // pid and ppid are the caller's; set where `tells`, or `room` is not 0
};

// Before the call. Does nothing (and asks the kernel nothing) where nothing is recorded. What a
// sandboxed program starts inherits a filter that knows nothing of us: the library stays dormant
// there.
void prepare(const Call& call, Plan& plan);

// Makes the environment in `room`, of plan.room bytes aligned as a pointer.
char* const* other_environment(const Call& call, const Plan& plan, void* room);

// Just before and after a call that may end this image: a filter of a child of vfork is not its
// parent's.
bool leave_filter_behind();
void still_filtered(bool left_behind);

// Appends the note, if there is one to tell.
void tell(const Plan& plan);
// The kernel refused the other environment as too large: it is the caller's that will be used.
void give_up_following(Plan& plan);
// After a call that failed: takes back what was told.
void take_back(const Plan& plan);

}  // namespace sockwatch::shim::exec
