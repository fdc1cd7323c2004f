// What lies behind this library where the loader looks for names, and the functions defined there.
//
// dlsym(RTLD_NEXT, ...) would tell, but it begins behind its caller. A program or a library that
// puts a dlsym of its own before libc's and hands on to that one is the caller then: the answer is
// our own function, or passes by another library's that comes next. So the loader's list is read
// here.
#pragma once

#include <link.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace sockwatch::shim {

// The functions one loaded object defines.
class Definitions {
 public:
  // Hashes of a name, the newer one worked out once for all objects.
  struct Name {
    explicit Name(const char* text);
    const char* text;
    std::uint32_t gnu_hash;
  };

  static Definitions of(const link_map& object);
  // With `Versions::libcs` the one that a reference to libc's is bound to: of an object with
  // versions of its own only what has none. With `any` the one for a reference without a version.
  // nullptr if there is none.
  enum class Versions : bool { libcs, any };
  void* find(const Name& name, Versions versions) const {
    return excludes(name) ? nullptr : find_in_table(name, versions);
  }

 private:
  // The filter before the newer table, which ends most searches: its words are a power of two.
  bool excludes(const Name& name) const {
    if (gnu_hash_ == nullptr) {
      return false;
    }
    constexpr std::uint32_t kBits = 8 * sizeof(ElfW(Addr));
    const std::uint32_t words = gnu_hash_[2], shift = gnu_hash_[3];
    const auto* const filter = reinterpret_cast<const ElfW(Addr)*>(gnu_hash_ + 4);
    const ElfW(Addr) word = filter[name.gnu_hash / kBits & (words - 1)];
    return (word >> (name.gnu_hash % kBits) & word >> ((name.gnu_hash >> shift) % kBits) & 1) == 0;
  }
  void* find_in_table(const Name& name, Versions versions) const;
  const ElfW(Sym) * find_by_gnu_hash(const Name& name, Versions versions) const;
  const ElfW(Sym) * find_by_hash(const Name& name, Versions versions) const;
  bool defines(std::size_t index, const char* text, Versions versions) const;

  ElfW(Addr) base_;
  const ElfW(Sym) * symbols_;
  const char* strings_;
  const ElfW(Half) * versions_;
  const std::uint32_t* gnu_hash_;
  const std::uint32_t* hash_;
  bool has_own_versions_;
};

// The first is made by our constructor; later ones see the objects that were there then, which
// stay. Not for signal handlers.
class Behind {
 public:
  // `room`: for what is read once for all names; objects that find none there are read again for
  // each. The caller's.
  explicit Behind(std::span<Definitions> room = {});

  // The function a call is handed on to; nullptr if no object has it.
  void* next(const char* name) const;
  // This library's own function of that name.
  void* own(const char* name) const;

 private:
  void* find(const Definitions::Name& name, Definitions::Versions versions) const;

  std::span<const Definitions> objects_;
  const link_map* self_ = nullptr;
  const link_map* rest_ = nullptr;  // the first that found no room
  const link_map* end_ = nullptr;   // the last of all
  // The C library is among them. It is not if this library was opened late.
  bool complete_ = false;
};

}  // namespace sockwatch::shim
