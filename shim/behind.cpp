#include "shim/behind.h"

#include <dlfcn.h>
#include <sys/auxv.h>

#include <atomic>
#include <cstring>

#include "shim/loaded.h"

// The names as old C libraries have them: a library built here loads there.
#if defined(__x86_64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver dladdr1,dladdr1@GLIBC_2.3.3");
#elif defined(__aarch64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.17");
__asm__(".symver dladdr1,dladdr1@GLIBC_2.17");
#endif

// musl's loader, which takes us in, has none.
extern "C" [[gnu::weak]] int dladdr1(const void* address, Dl_info* info, void** extra,
                                     int what) noexcept;

// Where this library (or the program it is linked into) lies, by the linker.
// NOLINTBEGIN(readability-identifier-naming): the linker's own names
extern "C" {
[[gnu::visibility("hidden")]] extern const char __ehdr_start[];
[[gnu::visibility("hidden")]] extern const char _end[];
}
// NOLINTEND(readability-identifier-naming)

namespace sockwatch::shim {
namespace {

using Versions = Definitions::Versions;

constexpr ElfW(Half) kHidden = 0x8000;   // a version that only references with its name find
constexpr ElfW(Half) kFirstVersion = 2;  // below: symbols without one

// As the loader gives it to a resolver on aarch64; on x86-64 they take nothing.
struct ResolverArguments {
  unsigned long size, hwcap, hwcap2;
};

void* choose(ElfW(Addr) resolver) {
  constexpr unsigned long kHasArguments = 1UL << 62;
  const ResolverArguments all{sizeof all, getauxval(AT_HWCAP), getauxval(AT_HWCAP2)};
  using Resolver = void*(unsigned long, const ResolverArguments*);
  return reinterpret_cast<Resolver*>(resolver)(all.hwcap | kHasArguments, &all);
}

bool lies_here(const void* address) {
  const auto place = reinterpret_cast<std::uintptr_t>(address);
  return place >= reinterpret_cast<std::uintptr_t>(__ehdr_start) &&
         place < reinterpret_cast<std::uintptr_t>(_end);
}

// Believed only if it is about us: this name, too, may be somebody else's.
const link_map* own_object() {
  Dl_info info;
  void* object = nullptr;
  if (dladdr1 == nullptr || dladdr1(_DYNAMIC, &info, &object, RTLD_DL_LINKMAP) == 0 ||
      object == nullptr || static_cast<const link_map*>(object)->l_ld != _DYNAMIC) {
    return nullptr;
  }
  return static_cast<const link_map*>(object);
}

// Whether an object gives its symbols versions that are not libc's, which references to libc's
// functions pass over.
bool has_own_versions(const ElfW(Verdef) * defined, const char* strings) {
  constexpr char kLibcs[] = "GLIBC_";
  while (defined != nullptr) {
    const auto* const at = reinterpret_cast<const char*>(defined);
    if ((defined->vd_flags & VER_FLG_BASE) == 0) {
      const auto* const name = reinterpret_cast<const ElfW(Verdaux)*>(at + defined->vd_aux);
      return std::strncmp(strings + name->vda_name, kLibcs, sizeof(kLibcs) - 1) != 0;
    }
    defined = defined->vd_next == 0 ? nullptr
                                    : reinterpret_cast<const ElfW(Verdef)*>(at + defined->vd_next);
  }
  return false;
}

// What is opened later is behind it, and may be closed while we look.
constinit std::atomic<const link_map*> last_at_start{nullptr};

}  // namespace

Definitions::Name::Name(const char* name) : text(name), gnu_hash(5381) {
  for (; *name != '\0'; ++name) {
    gnu_hash = gnu_hash * 33 + static_cast<unsigned char>(*name);
  }
}

Definitions Definitions::of(const link_map& object) {
  Definitions made{};
  made.base_ = object.l_addr;
  const ElfW(Verdef)* defined = nullptr;
  for (const ElfW(Dyn)* entry = object.l_ld; entry->d_tag != DT_NULL; ++entry) {
    const ElfW(Addr) address = loaded_address(object.l_addr, entry->d_un.d_ptr);
    switch (entry->d_tag) {
      case DT_SYMTAB:
        made.symbols_ = reinterpret_cast<const ElfW(Sym)*>(address);
        break;
      case DT_STRTAB:
        made.strings_ = reinterpret_cast<const char*>(address);
        break;
      case DT_VERSYM:
        made.versions_ = reinterpret_cast<const ElfW(Half)*>(address);
        break;
      case DT_VERDEF:
        // This one glibc leaves as it is.
        defined = reinterpret_cast<const ElfW(Verdef)*>(object.l_addr + entry->d_un.d_ptr);
        break;
      case DT_GNU_HASH:
        made.gnu_hash_ = reinterpret_cast<const std::uint32_t*>(address);
        break;
      case DT_HASH:
        made.hash_ = reinterpret_cast<const std::uint32_t*>(address);
        break;
      default:
        break;
    }
  }
  made.has_own_versions_ = made.strings_ != nullptr && has_own_versions(defined, made.strings_);
  return made;
}

bool Definitions::defines(std::size_t index, const char* text, Versions versions) const {
  const ElfW(Sym)& symbol = symbols_[index];
  const auto type = ELF64_ST_TYPE(symbol.st_info);
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  const ElfW(Half) highest =
      has_own_versions_ && versions == Versions::libcs ? kFirstVersion : kHidden;
  return symbol.st_shndx != SHN_UNDEF && symbol.st_value != 0 &&
         (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE) &&
         ELF64_ST_BIND(symbol.st_info) != STB_LOCAL && visibility != STV_HIDDEN &&
         visibility != STV_INTERNAL && (versions_ == nullptr || versions_[index] < highest) &&
         std::strcmp(strings_ + symbol.st_name, text) == 0;
}

const ElfW(Sym) * Definitions::find_by_gnu_hash(const Name& name, Versions versions) const {
  const std::uint32_t buckets = gnu_hash_[0], first = gnu_hash_[1], words = gnu_hash_[2];
  const auto* const filter = reinterpret_cast<const ElfW(Addr)*>(gnu_hash_ + 4);
  const auto* const bucket = reinterpret_cast<const std::uint32_t*>(filter + words);
  const std::uint32_t* const chain = bucket + buckets;
  const std::uint32_t hash = name.gnu_hash;
  if (buckets == 0) {
    return nullptr;
  }
  std::uint32_t index = bucket[hash % buckets];
  if (index < first) {
    return nullptr;  // an empty one
  }
  for (;; ++index) {
    const std::uint32_t linked = chain[index - first];
    if ((linked | 1) == (hash | 1) && defines(index, name.text, versions)) {
      return &symbols_[index];
    }
    if ((linked & 1) != 0) {
      return nullptr;
    }
  }
}

const ElfW(Sym) * Definitions::find_by_hash(const Name& name, Versions versions) const {
  std::uint32_t hash = 0;
  for (const char* c = name.text; *c != '\0'; ++c) {
    hash = hash * 16 + static_cast<unsigned char>(*c);
    hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fff'ffff;
  }
  const std::uint32_t buckets = hash_[0];
  const std::uint32_t* const bucket = hash_ + 2;
  const std::uint32_t* const chain = bucket + buckets;
  for (std::uint32_t index = buckets == 0 ? 0 : bucket[hash % buckets]; index != 0;
       index = chain[index]) {
    if (defines(index, name.text, versions)) {
      return &symbols_[index];
    }
  }
  return nullptr;
}

void* Definitions::find_in_table(const Name& name, Versions versions) const {
  if (symbols_ == nullptr || strings_ == nullptr) {
    return nullptr;
  }
  const ElfW(Sym)* symbol = nullptr;
  if (gnu_hash_ != nullptr) {
    symbol = find_by_gnu_hash(name, versions);
  } else if (hash_ != nullptr) {
    symbol = find_by_hash(name, versions);
  }
  if (symbol == nullptr) {
    return nullptr;
  }
  const ElfW(Addr) address = base_ + symbol->st_value;
  return ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC ? choose(address)
                                                         : reinterpret_cast<void*>(address);
}

Behind::Behind(std::span<Definitions> room) : self_(own_object()) {
  if (self_ == nullptr) {
    return;
  }
  const link_map* const known = last_at_start.load(std::memory_order_relaxed);
  const link_map* object = self_;
  std::size_t count = 0;
  while (object != known && object->l_next != nullptr) {
    object = object->l_next;
    if (count < room.size()) {
      room[count++] = Definitions::of(*object);
    } else if (rest_ == nullptr) {
      rest_ = object;
    }
  }
  objects_ = room.first(count);
  end_ = object;
  complete_ = find(Definitions::Name("gnu_get_libc_version"), Versions::libcs) != nullptr;
  last_at_start.store(complete_ ? end_ : self_, std::memory_order_relaxed);
}

void* Behind::find(const Definitions::Name& name, Versions versions) const {
  for (const Definitions& object : objects_) {
    if (void* const found = object.find(name, versions); found != nullptr) {
      return found;
    }
  }
  for (const link_map* object = rest_; object != nullptr;
       object = object == end_ ? nullptr : object->l_next) {
    if (void* const found = Definitions::of(*object).find(name, versions); found != nullptr) {
      return found;
    }
  }
  return nullptr;
}

void* Behind::next(const char* name) const {
  if (complete_) {
    const Definitions::Name wanted(name);
    // Where libc has none of the name it is another library's that the program refers to.
    void* const found = find(wanted, Versions::libcs);
    return found != nullptr ? found : find(wanted, Versions::any);
  }
  void* const found = dlsym(RTLD_NEXT, name);
  return lies_here(found) ? nullptr : found;
}

void* Behind::own(const char* name) const {
  return self_ == nullptr ? nullptr
                          : Definitions::of(*self_).find(Definitions::Name(name), Versions::any);
}

}  // namespace sockwatch::shim
