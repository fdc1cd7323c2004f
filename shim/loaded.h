// What the dynamic section of a loaded object says about its place.
#pragma once

#include <link.h>

namespace sockwatch::shim {

// Where a table of symbols, names, hashes, versions of symbols or relocations lies, by the entry
// that tells of it. glibc has turned these offsets into addresses, but not where the section cannot
// be written to. An object that lies below where it was linked to has a base below zero: of its
// addresses none is higher than the base, and all of them have been made.
inline ElfW(Addr) loaded_address(ElfW(Addr) base, ElfW(Addr) value) {
  constexpr ElfW(Addr) kBelowZero = ~(~ElfW(Addr){0} >> 1);
  return value < base && base < kBelowZero ? base + value : value;
}

}  // namespace sockwatch::shim
