#include "shim/rebind.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "shim/behind.h"
#include "shim/clock.h"
#include "shim/loaded.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/real.h"
#include "shim/wire/segment.h"

// The names as old C libraries have them: a library built here loads there.
#if defined(__x86_64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver dlclose,dlclose@GLIBC_2.2.5");
__asm__(".symver dlerror,dlerror@GLIBC_2.2.5");
__asm__(".symver dlinfo,dlinfo@GLIBC_2.3.3");
#elif defined(__aarch64__)
__asm__(".symver dlsym,dlsym@GLIBC_2.17");
__asm__(".symver dlclose,dlclose@GLIBC_2.17");
__asm__(".symver dlerror,dlerror@GLIBC_2.17");
__asm__(".symver dlinfo,dlinfo@GLIBC_2.17");
#endif

namespace sockwatch::shim::rebind {
namespace {

// One after the other, an empty one at the end.
constexpr char kHooked[] =
#define SOCKWATCH_OP(number, symbol, group) #symbol "\0"
#define SOCKWATCH_TWIN(symbol, op, group) #symbol "\0"
#include "shim/wire/ops.def"
    ;

bool is_hooked(const char* name) {
  for (const char* hooked = kHooked; *hooked != '\0'; hooked += std::strlen(hooked) + 1) {
    if (*hooked == *name && std::strcmp(hooked, name) == 0) {
      return true;
    }
  }
  return false;
}

#if defined(__x86_64__)
constexpr std::uint32_t kJumpSlot = R_X86_64_JUMP_SLOT, kGlobalData = R_X86_64_GLOB_DAT,
                        kPointer = R_X86_64_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kJumpSlot = R_AARCH64_JUMP_SLOT, kGlobalData = R_AARCH64_GLOB_DAT,
                        kPointer = R_AARCH64_ABS64;
#endif

// A loaded object: where it lies, what of it can be written to, and what of that the loader made
// read-only behind itself.
struct Extent {
  ElfW(Addr) base;
  std::uintptr_t begin = ~std::uintptr_t{0};
  std::uintptr_t end = 0;
  std::uintptr_t data_begin = ~std::uintptr_t{0};
  std::uintptr_t data_end = 0;
  std::uintptr_t sealed_begin = 0;
  std::uintptr_t sealed_end = 0;

  bool holds(std::uintptr_t address) const { return address >= begin && address < end; }
  // Not where code itself is relocated.
  bool is_data(std::uintptr_t address) const { return address >= data_begin && address < data_end; }
  bool is_sealed(std::uintptr_t address) const {
    return address >= sealed_begin && address < sealed_end;
  }
};

int measure(dl_phdr_info* object, std::size_t, void* argument) {
  auto& extent = *static_cast<Extent*>(argument);
  if (object->dlpi_addr != extent.base) {
    return 0;
  }
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    const std::uintptr_t begin = object->dlpi_addr + part.p_vaddr;
    const std::uintptr_t end = begin + part.p_memsz;
    if (part.p_type == PT_LOAD) {
      extent.begin = begin < extent.begin ? begin : extent.begin;
      extent.end = end > extent.end ? end : extent.end;
      if ((part.p_flags & PF_W) != 0) {
        extent.data_begin = begin < extent.data_begin ? begin : extent.data_begin;
        extent.data_end = end > extent.data_end ? end : extent.data_end;
      }
    } else if (part.p_type == PT_GNU_RELRO) {
      extent.sealed_begin = begin / wire::kPage * wire::kPage;
      extent.sealed_end = end / wire::kPage * wire::kPage;
    }
  }
  return 1;
}

// One thread at a time: two would take from each other the right to write. It is held for two
// system calls; whoever waits for long is in the child of a fork that came meanwhile, and takes it.
constinit std::atomic<bool> unsealing{false};

void begin_unsealing() {
  constexpr std::uint64_t kPatienceNs = 1'000'000'000;
  const std::uint64_t begin_ns = clock::now_ns();
  while (unsealing.exchange(true, std::memory_order_acquire) &&
         clock::now_ns() - begin_ns < kPatienceNs) {
    raw::doze();
  }
}

void write(const Extent& extent, std::uintptr_t place, void* value) {
  auto& slot = *reinterpret_cast<std::atomic<void*>*>(place);
  if (!extent.is_sealed(place)) {
    slot.store(value, std::memory_order_release);
    return;
  }
  const Questions questions;
  if (!questions) {
    return;
  }
  const std::uintptr_t page = place / wire::kPage * wire::kPage;
  begin_unsealing();
  if (!raw::failed(raw::call(SYS_mprotect, page, wire::kPage, PROT_READ | PROT_WRITE))) {
    slot.store(value, std::memory_order_release);
    raw::call(SYS_mprotect, page, wire::kPage, PROT_READ);
  }
  unsealing.store(false, std::memory_order_release);
}

// What an object's dynamic section says.
struct Tables {
  explicit Tables(const link_map& object) {
    for (const ElfW(Dyn)* entry = object.l_ld; entry->d_tag != DT_NULL; ++entry) {
      const ElfW(Addr) value = entry->d_un.d_ptr;
      const ElfW(Addr) address = loaded_address(object.l_addr, value);
      switch (entry->d_tag) {
        case DT_SYMTAB:
          symbols = reinterpret_cast<const ElfW(Sym)*>(address);
          break;
        case DT_STRTAB:
          strings = reinterpret_cast<const char*>(address);
          break;
        case DT_RELA:
          relocations = reinterpret_cast<const ElfW(Rela)*>(address);
          break;
        case DT_RELASZ:
          relocations_size = value;
          break;
        case DT_JMPREL:
          jumps = reinterpret_cast<const ElfW(Rela)*>(address);
          break;
        case DT_PLTRELSZ:
          jumps_size = value;
          break;
        default:
          break;
      }
    }
  }

  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const ElfW(Rela) * relocations = nullptr;
  std::size_t relocations_size = 0;
  const ElfW(Rela) * jumps = nullptr;
  std::size_t jumps_size = 0;
};

// To this library's own function: others may have one of the same name before it, and that is what
// the flag was to keep the module from.
void rebind_one(const Behind& behind, void* module, const link_map& object, const Extent& extent,
                const Tables& tables, const ElfW(Rela) & relocation) {
  const auto type = static_cast<std::uint32_t>(ELF64_R_TYPE(relocation.r_info));
  const std::size_t index = ELF64_R_SYM(relocation.r_info);
  if (index == 0 || relocation.r_addend != 0 ||
      (type != kJumpSlot && type != kGlobalData && type != kPointer)) {
    return;
  }
  const ElfW(Sym)& symbol = tables.symbols[index];
  const char* name = tables.strings + symbol.st_name;
  if (symbol.st_shndx != SHN_UNDEF || !is_hooked(name)) {
    return;
  }
  const std::uintptr_t place = object.l_addr + relocation.r_offset;
  if (!extent.is_data(place)) {
    return;
  }
  const std::uintptr_t bound =
      reinterpret_cast<const std::atomic<std::uintptr_t>*>(place)->load(std::memory_order_relaxed);
  void* const behind_us = behind.next(name);
  // Where the loader waits for the first call, the place still leads to the object's own table.
  const bool waits = type == kJumpSlot && extent.holds(bound);
  void* const found = waits ? dlsym(module, name) : reinterpret_cast<void*>(bound);
  if (behind_us != nullptr && found == behind_us) {
    if (void* const ours = behind.own(name); ours != nullptr && ours != found) {
      write(extent, place, ours);
    }
  }
}

void rebind_object(const Behind& behind, void* module, const link_map& object) {
  const Tables tables(object);
  Extent extent{.base = object.l_addr};
  auto* const iterate = reinterpret_cast<decltype(&dl_iterate_phdr)>(real::dl_iterate_phdr);
  if (tables.symbols == nullptr || tables.strings == nullptr || iterate == nullptr ||
      iterate(measure, &extent) == 0) {
    return;
  }
  for (std::size_t i = 0; i < tables.relocations_size / sizeof(ElfW(Rela)); ++i) {
    rebind_one(behind, module, object, extent, tables, tables.relocations[i]);
  }
  for (std::size_t i = 0; i < tables.jumps_size / sizeof(ElfW(Rela)); ++i) {
    rebind_one(behind, module, object, extent, tables, tables.jumps[i]);
  }
}

// The module and what it needs, each once. Those that were there before are bound to us already:
// nothing in them is found to be changed.
class Closure {
 public:
  void add(const link_map* object) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (objects_[i] == object) {
        return;
      }
    }
    if (object != nullptr && count_ < kMost) {
      objects_[count_++] = object;
    }
  }
  std::size_t count() const { return count_; }
  const link_map& operator[](std::size_t i) const { return *objects_[i]; }

 private:
  static constexpr std::size_t kMost = 128;
  const link_map* objects_[kMost];
  std::size_t count_ = 0;
};

const link_map* object_of(void* handle) {
  link_map* object = nullptr;
  return handle != nullptr && dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&object)) == 0
             ? object
             : nullptr;
}

void add_needed(const link_map& object, Closure& closure) {
  const Tables tables(object);
  auto* const open = reinterpret_cast<decltype(&dlopen)>(sockwatch_real_dlopen);
  for (const ElfW(Dyn)* entry = object.l_ld; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag != DT_NEEDED || tables.strings == nullptr) {
      continue;
    }
    void* needed = open(tables.strings + entry->d_un.d_val, RTLD_LAZY | RTLD_NOLOAD);
    closure.add(object_of(needed));
    if (needed != nullptr) {
      dlclose(needed);  // it stays: what needs it is held by the caller
    }
  }
}

int count_loaded(dl_phdr_info* object, std::size_t, void* argument) {
  *static_cast<unsigned long long*>(argument) = object->dlpi_adds;
  return 1;
}

}  // namespace

unsigned long long objects_so_far() {
  auto* const iterate = reinterpret_cast<decltype(&dl_iterate_phdr)>(real::dl_iterate_phdr);
  unsigned long long count = 0;
  if (iterate != nullptr) {
    iterate(count_loaded, &count);
  }
  return count;
}

void to_hooks(void* module) {
  constexpr std::size_t kObjects = 32;
  Definitions room[kObjects];
  const Behind behind(room);
  Closure closure;
  closure.add(object_of(module));
  for (std::size_t i = 0; i < closure.count(); ++i) {
    add_needed(closure[i], closure);
    rebind_object(behind, module, closure[i]);
  }
  dlerror();  // what was not found is not the program's error
}

}  // namespace sockwatch::shim::rebind
