// Creation of the shared-memory file this process image records into. Layout: shim/wire/segment.h.
#pragma once

#include <cstdint>

#include "shim/process.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::segment {

struct Created {
  wire::Header* header = nullptr;  // mapped for good; nullptr: nothing was left behind but,
                                   // perhaps, an unfinished file
  std::uint32_t usable_slots = 0;
  bool populates = false;
  bool no_descriptor = false;  // none was free
  bool try_again = false;      // the failure was one that may pass, this one among them
  const char* why = "";        // for a failure that stays
};

// Creates and maps a segment in `directory`. Raw system calls only; no descriptor is left open and
// no signal is raised (a file size limit is asked before it is met). About 60 us. One thread at a
// time.
Created create(const char* directory, bool every_call);

// The segment of this process, created by the first thread that needs it. nullptr: there is none,
// now (another thread is at it, for longer than a moment) or ever (the library is disabled). The
// thread that creates it holds signals back meanwhile.
wire::Header* of(Process& process);

inline wire::Slot* slots(wire::Header* header) {
  return reinterpret_cast<wire::Slot*>(reinterpret_cast<char*>(header) + sizeof(wire::Header));
}
inline wire::RingImage* ring_place(wire::Header* header, std::size_t slot) {
  return reinterpret_cast<wire::RingImage*>(reinterpret_cast<char*>(header) +
                                            wire::ring_offset(slot));
}

// Makes sure that the first `elements` of a ring's array have memory. False: there is none.
bool populate(const Process& process, wire::Slot& slot, wire::RingImage* ring,
              std::uint64_t elements);

// In the child of a fork: private memory in the place of the parent's segment, which was not
// inherited, for what the forking thread still has to do there. Nobody reads it. Of the rings only
// this one, or with `all` every one.
void stand_in(const wire::RingImage* ring, bool all);

// Counts events dropped outside any ring. Does nothing before there is a segment.
inline void count_loss(Process& process, wire::Loss cause) {
  wire::Header* header = process.segment.load(std::memory_order_acquire);
  if (header != nullptr) {
    header->lost[static_cast<std::size_t>(cause)].fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace sockwatch::shim::segment
