// What the dynamic section of a loaded object says about its place.
#pragma once

#include <link.h>

namespace sockwatch::shim {

// Where the table lies that an entry of `section` tells of. glibc turns these offsets into
// addresses, but not where the section cannot be written to; other loaders leave them all. An
// object is smaller than 64 GiB, so an address is near the section and an offset is not. (The base
// cannot tell: an object that lies below where it was linked to has one beyond all addresses.)
inline ElfW(Addr) loaded_address(const ElfW(Dyn) * section, ElfW(Addr) base, ElfW(Addr) value) {
  constexpr ElfW(Addr) kMost = ElfW(Addr){1} << 36;
  const auto here = reinterpret_cast<ElfW(Addr)>(section);
  const ElfW(Addr) distance = value > here ? value - here : here - value;
  return distance < kMost ? value : base + value;
}

}  // namespace sockwatch::shim
