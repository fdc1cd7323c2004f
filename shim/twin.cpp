#include "shim/twin.h"

#include <link.h>

#include <cstdint>
#include <cstring>

#include "shim/loaded.h"
#include "shim/real.h"

namespace sockwatch::shim::twin {
namespace {

constexpr char kName[] = "libsockwatch.so";  // DT_SONAME, whatever the file is called

struct Search {
  bool passed_own = false;
  bool found = false;
};

bool covers(const dl_phdr_info& object, const ElfW(Phdr) & part, std::uintptr_t address) {
  const std::uintptr_t begin = object.dlpi_addr + part.p_vaddr;
  return part.p_type == PT_LOAD && address - begin < part.p_memsz;
}

// The name a shared object gives itself, or nullptr.
const char* own_name(const dl_phdr_info& object, const ElfW(Phdr) & dynamic) {
  std::uintptr_t strings = 0;
  std::uintptr_t offset = 0;
  const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + dynamic.p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_STRTAB) strings = entry->d_un.d_ptr;
    if (entry->d_tag == DT_SONAME) offset = entry->d_un.d_val;
  }
  if (strings == 0 || offset == 0) {
    return nullptr;
  }
  return reinterpret_cast<const char*>(loaded_address(object.dlpi_addr, strings) + offset);
}

// Objects come in the order in which they were loaded, which is the order calls pass them in.
int look(dl_phdr_info* object, std::size_t, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (!search.passed_own) {
      search.passed_own = covers(*object, part, reinterpret_cast<std::uintptr_t>(&kName));
      if (search.passed_own) {
        break;
      }
    } else if (part.p_type == PT_DYNAMIC) {
      const char* name = own_name(*object, part);
      search.found = search.found || (name != nullptr && std::strcmp(name, kName) == 0);
    }
  }
  return search.found ? 1 : 0;
}

}  // namespace

bool follows() {
  Search search;
  auto* const iterate = reinterpret_cast<decltype(&dl_iterate_phdr)>(real::dl_iterate_phdr);
  if (iterate != nullptr) {
    iterate(look, &search);
  }
  return search.found;
}

}  // namespace sockwatch::shim::twin
