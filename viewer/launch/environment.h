// The environment the target is started with: the launcher's own, with our variables.
#pragma once

#include <string>
#include <vector>

namespace sockwatch::launch {

using Environment = std::vector<std::string>;  // "NAME=value"

Environment current_environment();

struct Additions {
  std::string library;  // path for LD_PRELOAD; empty: the program must not load it, nothing changes
  std::string run_directory;
  bool all_calls = false;
  bool follow = false;  // the library puts them back where a program scrubs them
};

// Adds LD_PRELOAD (ours behind what is there, and never twice), SOCKWATCH_DIR, SOCKWATCH_DETAIL,
// SOCKWATCH_FOLLOW, and one word to ASAN_OPTIONS: the AddressSanitizer runtime ends a program in
// which it is not the very first library. Putting it first instead would load it into every child
// that never asked for it.
Environment recorded_environment(Environment base, const Additions& additions);

// Without any of ours, and without LD_PRELOAD: for the collector, which must not record itself.
Environment unrecorded_environment(Environment base);

// The value of LD_PRELOAD with `library` at the end. Any libsockwatch.so in it goes: two of them in
// one process would be two recordings of one call.
std::string append_preload(const std::string& value, const std::string& library);

// A path that LD_PRELOAD can carry: ld.so splits at blanks and colons and expands `$`.
bool fits_preload(const std::string& path);

}  // namespace sockwatch::launch
