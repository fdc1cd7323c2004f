#include "shim/program.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <cstring>
#include <initializer_list>

#include "shim/caller_memory.h"
#include "shim/raw.h"

namespace sockwatch::shim::program {
namespace {

constexpr int kMostInterpreters = 5;  // as the kernel; then it says ELOOP
constexpr std::size_t kHead = 256;    // BINPRM_BUF_SIZE: a #! line is no longer for the kernel
constexpr std::size_t kMostHeaders = 64;
constexpr std::size_t kMostNotes = 256;  // bytes: those of Go stand beside two small ones
constexpr unsigned long kNoSuid = 2;     // ST_NOSUID, as statfs has it

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#endif

const char* base_name(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

bool is_glibc_loader(const char* path) {
  const char* name = base_name(path);
  for (const char* start : {"ld-linux", "ld64.so", "ld.so", "ld-2."}) {
    if (std::strncmp(name, start, std::strlen(start)) == 0) {
      return true;
    }
  }
  return false;
}

// A text that does not fit is empty: then nothing is claimed.
template <std::size_t Size>
void copy_text(char (&to)[Size], const char* from, std::size_t length) {
  if (length >= Size) {
    length = 0;
  }
  std::memcpy(to, from, length);
  to[length] = '\0';
}

struct Script {
  bool is = false;
  char interpreter[kHead];
};

void read_script(const char* head, std::size_t size, Script& script) {
  script.is = size >= 2 && head[0] == '#' && head[1] == '!';
  script.interpreter[0] = '\0';
  if (!script.is) {
    return;
  }
  std::size_t begin = 2;
  while (begin < size && (head[begin] == ' ' || head[begin] == '\t')) {
    ++begin;
  }
  std::size_t end = begin;
  while (end < size && std::strchr(" \t\n", head[end]) == nullptr) {  // finds the NUL too
    ++end;
  }
  if (end < size) {
    copy_text(script.interpreter, head + begin, end - begin);
  }
}

// Among the notes of an ELF file the one of the Go linker, whose name is "Go" in four bytes.
bool has_go_note(const char* notes, std::size_t size) {
  constexpr std::size_t kAlign = 4;
  const auto rounded = [](std::size_t length) { return (length + kAlign - 1) & ~(kAlign - 1); };
  ElfW(Nhdr) note;
  while (size >= sizeof(note)) {
    std::memcpy(&note, notes, sizeof(note));
    const std::size_t name = rounded(note.n_namesz);
    const std::size_t whole = sizeof(note) + name + rounded(note.n_descsz);
    if (name > size || whole > size) {
      return false;
    }
    if (note.n_namesz == 4 && std::memcmp(notes + sizeof(note), "Go\0", 4) == 0) {
      return true;
    }
    notes += whole;
    size -= whole;
  }
  return false;
}

bool has_go_note(long fd, const ElfW(Phdr) & part) {
  char notes[kMostNotes];
  const std::size_t wanted = part.p_filesz < sizeof(notes) ? part.p_filesz : sizeof(notes);
  const long got = raw::call(SYS_pread64, fd, notes, wanted, part.p_offset);
  return !raw::failed(got) && has_go_note(notes, static_cast<std::size_t>(got));
}

// By the name of its loader.
Loads judge_loader(long fd, const ElfW(Phdr) & part) {
  char loader[96];
  const std::size_t wanted = part.p_filesz < sizeof(loader) ? part.p_filesz : sizeof(loader) - 1;
  const long got = raw::call(SYS_pread64, fd, loader, wanted, part.p_offset);
  if (raw::failed(got)) {
    return Loads::not_known;
  }
  loader[got] = '\0';
  return is_glibc_loader(loader) ? Loads::yes : Loads::other_libc;
}

// What the loader of an ELF file makes of LD_PRELOAD.
Loads judge_elf(long fd, const char* head, std::size_t size, const char* path) {
  ElfW(Ehdr) elf;
  if (size < sizeof(elf)) {
    return Loads::not_known;
  }
  std::memcpy(&elf, head, sizeof(elf));
  constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  if (elf.e_ident[EI_CLASS] != kClass || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
      elf.e_machine != kMachine) {
    return Loads::other_machine;
  }
  if (elf.e_phentsize != sizeof(ElfW(Phdr)) || elf.e_phnum > kMostHeaders) {
    return Loads::not_known;
  }
  // A loader that is executed with a program as its argument has none itself.
  Loads answer = is_glibc_loader(path) ? Loads::yes : Loads::is_static;
  bool go = false;
  for (std::size_t i = 0; i < elf.e_phnum; ++i) {
    ElfW(Phdr) part;
    const std::size_t at = elf.e_phoff + i * sizeof(part);
    if (at <= size && size - at >= sizeof(part)) {
      std::memcpy(&part, head + at, sizeof(part));
    } else if (raw::call(SYS_pread64, fd, &part, sizeof(part), at) !=
               static_cast<long>(sizeof(part))) {
      return Loads::not_known;
    }
    if (part.p_type == PT_INTERP) {
      answer = judge_loader(fd, part);
    } else if (part.p_type == PT_NOTE) {
      go = go || has_go_note(fd, part);
    }
  }
  return go && (answer == Loads::yes || answer == Loads::is_static) ? Loads::is_go : answer;
}

bool grants_capabilities(long fd) {
  vfs_ns_cap_data granted{};
  const long got = raw::call(SYS_fgetxattr, fd, "security.capability", &granted, sizeof(granted));
  if (raw::failed(got) || static_cast<std::size_t>(got) < XATTR_CAPS_SZ_1) {
    return false;
  }
  // Inheritable ones alone grant nothing to a process that has none to inherit.
  return (granted.magic_etc & VFS_CAP_FLAGS_EFFECTIVE) != 0 || granted.data[0].permitted != 0 ||
         (static_cast<std::size_t>(got) >= XATTR_CAPS_SZ_2 && granted.data[1].permitted != 0);
}

bool gains_privilege(long fd, const struct stat& file) {
  const bool by_user =
      (file.st_mode & S_ISUID) != 0 && static_cast<long>(file.st_uid) != raw::call(SYS_getuid);
  // Without group execute permission the bit means mandatory locking, not privilege.
  const bool by_group = (file.st_mode & S_ISGID) != 0 && (file.st_mode & S_IXGRP) != 0 &&
                        static_cast<long>(file.st_gid) != raw::call(SYS_getgid);
  // For root the kernel does not count file capabilities as a gain.
  if (!by_user && !by_group && (raw::call(SYS_getuid) == 0 || !grants_capabilities(fd))) {
    return false;
  }
  // Both switch all of it off in execve(2).
  if (raw::call(SYS_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
    return false;
  }
  struct statfs mount {};
  return raw::failed(raw::call(SYS_fstatfs, fd, &mount)) ||
         (static_cast<unsigned long>(mount.f_flags) & kNoSuid) == 0;
}

std::size_t name_image(long fd, const char* path, char* image, std::size_t size) {
  char link[40] = "/proc/thread-self/fd/";  // the table of apart.h
  char* end = link + std::strlen(link);
  char digits[12];
  std::size_t count = 0;
  for (long rest = fd; count == 0 || rest != 0; rest /= 10) {
    digits[count++] = static_cast<char>('0' + rest % 10);
  }
  while (count != 0) {
    *end++ = digits[--count];
  }
  *end = '\0';
  const long got = raw::call(SYS_readlinkat, AT_FDCWD, link, image, size);
  if (!raw::failed(got)) {
    return static_cast<std::size_t>(got);
  }
  const std::size_t length = strnlen(path, size);
  std::memcpy(image, path, length);
  return length;
}

// One file of the way. `script` says where it goes on.
Loads look(int directory, const char* path, Script& script, char* image, std::size_t size,
           std::size_t& length) {
  // First what it is: opening a device may do something.
  struct stat file {};
  constexpr unsigned kAnybody = S_IXUSR | S_IXGRP | S_IXOTH;
  script.is = false;
  if (raw::failed(raw::call(SYS_newfstatat, directory, path, &file, 0)) || !S_ISREG(file.st_mode) ||
      (file.st_mode & kAnybody) == 0) {
    return Loads::cannot_run;
  }
  length = strnlen(path, size);
  std::memcpy(image, path, length);
  const long fd =
      raw::call(SYS_openat, directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (raw::failed(fd)) {
    return Loads::not_known;
  }
  Loads answer = Loads::not_known;
  char head[kHead];
  const long got = raw::call(SYS_pread64, fd, head, sizeof(head), 0);
  const std::size_t known = raw::failed(got) ? 0 : static_cast<std::size_t>(got);
  read_script(head, known, script);
  if (!script.is && known >= SELFMAG && std::memcmp(head, ELFMAG, SELFMAG) == 0) {
    length = name_image(fd, path, image, size);
    answer = judge_elf(fd, head, known, path);
    if ((answer == Loads::yes || answer == Loads::is_go) && gains_privilege(fd, file)) {
      answer = Loads::privileged;
    }
  }
  raw::call(SYS_close, fd);
  return answer;
}

}  // namespace

bool is_go() {
  const auto* parts = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  const std::size_t count = parts == nullptr ? 0 : getauxval(AT_PHNUM);
  CallerMemory memory(true);
  if (count == 0 || count > kMostHeaders || !memory.has(parts, count * sizeof(*parts))) {
    return false;
  }
  // The headers say where they themselves were meant to lie: the rest has moved as far.
  bool placed = false;
  std::uintptr_t moved = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (parts[i].p_type == PT_PHDR) {
      moved = reinterpret_cast<std::uintptr_t>(parts) - parts[i].p_vaddr;
      placed = true;
    } else if (parts[i].p_type == PT_NOTE && placed) {
      // The kernel maps what the program is loaded from, and that notes are among it nobody checks.
      const auto* const notes = reinterpret_cast<const char*>(moved + parts[i].p_vaddr);
      const std::size_t size = parts[i].p_memsz < kMostNotes ? parts[i].p_memsz : kMostNotes;
      if (memory.has(notes, size) && has_go_note(notes, size)) {
        return true;
      }
    }
  }
  return false;
}

Loads inspect(int directory, const char* path, char* image, std::size_t size, std::size_t& length) {
  Script script;
  Loads answer = look(directory, path, script, image, size, length);
  for (int depth = 0; script.is && depth < kMostInterpreters; ++depth) {
    char next[kHead];
    std::strcpy(next, script.interpreter);
    answer = next[0] == '\0' ? Loads::not_known : look(AT_FDCWD, next, script, image, size, length);
    if (next[0] == '\0') {
      break;
    }
  }
  return script.is ? Loads::not_known : answer;
}

}  // namespace sockwatch::shim::program
