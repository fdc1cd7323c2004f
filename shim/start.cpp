// The constructor: the only thing that runs in a process nobody records, and in one that makes no
// connection.
#include <sys/auxv.h>

#include "shim/caller_memory.h"
#include "shim/clock.h"
#include "shim/real.h"
#include "shim/state.h"
#include "shim/thread.h"
#include "shim/twin.h"

// Where it is missing the C library is another one (musl loads us, and gives constructors no
// arguments).
extern "C" const char* gnu_get_libc_version() __attribute__((weak));

namespace {

constexpr unsigned kDeepBind = 8;  // RTLD_DEEPBIND

// The loader passes the arguments of main to constructors.
[[gnu::constructor]] void start(int, char**, char** environment) {
  namespace shim = sockwatch::shim;
  shim::real::resolve();
  if (gnu_get_libc_version == nullptr) {
    shim::state::stand_aside();
    return;
  }
  shim::state::start(environment, getauxval(AT_SECURE) != 0);
  if (shim::state::recording() && shim::twin::follows()) {
    shim::state::stand_aside();
  }
  if (!shim::state::recording()) {
    return;
  }
  // Sixteen bytes the kernel puts above arguments and environment.
  shim::main_stack_ends(getauxval(AT_RANDOM));
  shim::clock::start();
  shim::thread::start();
  // A module opened with RTLD_DEEPBIND binds to libc before us and would not be seen.
  sockwatch_dlopen_mask = ~kDeepBind;
}

}  // namespace
