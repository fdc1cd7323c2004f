#include "viewer/model/coverage.h"

#include <array>

namespace sockwatch::model {
namespace {

struct Entry {
  std::string_view word;
  std::string_view what;
  std::string_view next_step;
};

constexpr std::array<Entry, 9> kNotSeen = {{
    {"static", "is statically linked, so no library can be loaded into it",
     "record a dynamically linked build of it"},
    {"go", "is a Go program, which talks to the kernel without the C library",
     "watch the program at the other end, if that one is not Go"},
    {"setuid", "runs with more rights than its caller, so the loader ignores LD_PRELOAD",
     "record it as the user it runs as (for setuid root: as root)"},
    {"no-env", "was started with a scrubbed environment, without LD_PRELOAD",
     "record with --follow-env; if that is not enough, look for sudo or a service manager between"},
    {"other-arch", "is built for another machine type than the library",
     "install sockwatch for that machine type"},
    {"other-libc", "uses another C library than glibc", "record a build of it for glibc"},
    {"other-user", "runs as a user who may not write to the run directory",
     "start it, and not only its parent, as root or as the user who records"},
    {"other-mounts", "does not find the run directory: it has a root or a /dev/shm of its own",
     "leave it /dev/shm, or start sockwatch inside of the container, chroot or mount namespace"},
    {"unknown", "did not load the library", "run sockwatch check on it"},
}};

constexpr std::array<Entry, 9> kLost = {{
    {"ring_full", "a thread recorded faster than its ring was emptied",
     "give the collector more processor time, or record fewer threads at once"},
    {"no_slot", "there were more threads at once than rings", "record fewer threads at once"},
    {"nested", "calls were made in a signal handler that interrupted a recording", ""},
    {"no_memory", "shared memory was full or not allowed", "df -h /dev/shm; free some of it"},
    {"descriptor", "a descriptor number was too large to follow", "lower ulimit -n"},
    {"broken_ring", "the program overwrote memory that holds its ring",
     "look for a memory error in the program"},
    {"exec_notes", "more programs were started unseen than are noted",
     "record fewer of them at a time"},
    {"lost_trace", "the trace a killed collector had written was gone", ""},
    {"not_stored", "the trace could not be written to its end, for want of room most likely",
     "make room there; what is missing is in the run directory that was named when the recording "
     "ended: sockwatch recover DIR -o FILE"},
}};

template <std::size_t N>
Reason look_up(const std::array<Entry, N>& entries, std::string_view text,
               std::string_view otherwise) {
  for (const Entry& entry : entries) {
    if (entry.word == text) return {std::string(entry.what), std::string(entry.next_step)};
  }
  return {std::string(otherwise), ""};
}

}  // namespace

bool was_seen(std::string_view coverage) { return coverage == "preload" || coverage == "notify"; }

Reason why_not_seen(std::string_view coverage) {
  if (was_seen(coverage)) return {};
  return look_up(kNotSeen, coverage, "did not load the library");
}

Reason why_lost(std::string_view cause) { return look_up(kLost, cause, ""); }

}  // namespace sockwatch::model
