// The head of a segment as the library of this build lays it out. Who owns it and the magic are up
// to the caller.
#pragma once

#include "shim/wire/segment.h"

namespace sockwatch {

inline void describe_layout(wire::Header& header) {
  header.layout_version = wire::kLayoutVersion;
  header.event_size = sizeof(wire::Event);
  header.ring_size = sizeof(wire::Ring);
  header.ring_capacity = wire::kRingCapacity;
  header.slot_count = wire::kSlotCount;
  header.header_size = sizeof(wire::Header);
  header.rings_offset = wire::kRingsOffset;
  header.ring_stride = wire::kRingStride;
  header.file_size = wire::kSegmentSize;
}

}  // namespace sockwatch
