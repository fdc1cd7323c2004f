#include "viewer/launch/elf.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "viewer/launch/fd.h"

namespace sockwatch::launch {
namespace {

// More than any linker writes; a file that claims more is read as far as this.
constexpr std::size_t kMaxProgramHeaders = 512;
constexpr std::size_t kMaxSections = 4096;
constexpr std::size_t kMaxDynamicEntries = 4096;
constexpr std::size_t kMaxNoteBytes = 4096;
constexpr std::size_t kMaxString = 4096;
constexpr std::size_t kScriptLine = 256;  // BINPRM_BUF_SIZE: the kernel looks no further

// pread rather than mmap: a file cut while we look must not end in SIGBUS.
class File {
 public:
  File(Fd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}

  bool read(std::uint64_t offset, void* to, std::size_t bytes) const {
    if (offset > size_ || bytes > size_ - offset) return false;
    return ::pread(fd_.get(), to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
  }

  template <typename T>
  std::optional<T> read_at(std::uint64_t offset) const {
    T value;
    if (!read(offset, &value, sizeof value)) return std::nullopt;
    return value;
  }

  // Up to `limit` bytes, fewer at the end of the file.
  std::string bytes(std::uint64_t offset, std::size_t limit) const {
    if (offset >= size_) return {};
    std::string text(std::min<std::uint64_t>(limit, size_ - offset), '\0');
    return read(offset, text.data(), text.size()) ? text : std::string();
  }

  std::string c_string(std::uint64_t offset) const {
    const std::string text = bytes(offset, kMaxString);
    return text.substr(0, text.find('\0'));
  }

 private:
  Fd fd_;
  std::uint64_t size_;
};

bool is_native(const unsigned char* ident, std::uint16_t machine) {
#if defined(__x86_64__)
  constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
  constexpr std::uint16_t kMachine = EM_AARCH64;
#elif defined(__riscv)
  constexpr std::uint16_t kMachine = EM_RISCV;
#elif defined(__powerpc64__)
  constexpr std::uint16_t kMachine = EM_PPC64;
#elif defined(__s390x__)
  constexpr std::uint16_t kMachine = EM_S390;
#else
#error "name the ELF machine of this architecture"
#endif
  constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  constexpr unsigned char kOrder =
      __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  return ident[EI_CLASS] == kClass && ident[EI_DATA] == kOrder && machine == kMachine;
}

using Segments = std::vector<ElfW(Phdr)>;

std::optional<std::uint64_t> file_offset(const Segments& segments, std::uint64_t address) {
  for (const auto& segment : segments) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return std::nullopt;
}

std::vector<std::string> read_needed(const File& file, const Segments& segments,
                                     const ElfW(Phdr) & dynamic) {
  std::vector<std::uint64_t> names;
  std::optional<std::uint64_t> strings;
  const std::size_t count =
      std::min<std::uint64_t>(dynamic.p_filesz / sizeof(ElfW(Dyn)), kMaxDynamicEntries);
  for (std::size_t i = 0; i < count; ++i) {
    const auto entry = file.read_at<ElfW(Dyn)>(dynamic.p_offset + i * sizeof(ElfW(Dyn)));
    if (!entry || entry->d_tag == DT_NULL) break;
    if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
    if (entry->d_tag == DT_STRTAB) strings = file_offset(segments, entry->d_un.d_ptr);
  }
  std::vector<std::string> needed;
  if (!strings) return needed;
  for (const std::uint64_t name : names) needed.push_back(file.c_string(*strings + name));
  return needed;
}

// The linker of Go writes a note named "Go"; it is in a PT_NOTE segment, so `strip` leaves it.
bool has_go_note(const File& file, const ElfW(Phdr) & segment) {
  const std::string notes =
      file.bytes(segment.p_offset, std::min<std::uint64_t>(segment.p_filesz, kMaxNoteBytes));
  for (std::size_t at = 0; notes.size() - at >= sizeof(ElfW(Nhdr));) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data() + at, sizeof note);
    at += sizeof note;
    const std::uint64_t name_bytes = (std::uint64_t{note.n_namesz} + 3) / 4 * 4;
    const std::uint64_t total = name_bytes + (std::uint64_t{note.n_descsz} + 3) / 4 * 4;
    if (total > notes.size() - at) return false;
    constexpr std::string_view kOwner("Go\0", 3);
    if (std::string_view(notes).substr(at, note.n_namesz).starts_with(kOwner)) return true;
    at += total;
  }
  return false;
}

bool has_go_section(const File& file, const ElfW(Ehdr) & header) {
  if (header.e_shentsize != sizeof(ElfW(Shdr)) || header.e_shoff == 0) return false;
  const std::size_t count = std::min<std::size_t>(header.e_shnum, kMaxSections);
  const auto section = [&](std::size_t i) {
    return file.read_at<ElfW(Shdr)>(header.e_shoff + i * sizeof(ElfW(Shdr)));
  };
  const auto names = section(header.e_shstrndx);
  if (!names) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = section(i);
    if (!one) return false;
    const std::string name = file.c_string(names->sh_offset + one->sh_name);
    if (name == ".go.buildinfo" || name == ".note.go.buildid") return true;
  }
  return false;
}

void read_elf(const File& file, ExecutableFacts& facts) {
  facts.kind = FileKind::damaged_elf;
  unsigned char ident[EI_NIDENT];
  std::uint16_t machine = 0;
  if (!file.read(0, ident, sizeof ident) ||
      !file.read(offsetof(ElfW(Ehdr), e_machine), &machine, sizeof machine)) {
    return;
  }
  if (!is_native(ident, machine)) {
    facts.kind = FileKind::foreign_elf;
    return;
  }
  const auto header = file.read_at<ElfW(Ehdr)>(0);
  if (!header || header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phnum == 0) return;

  Segments segments;
  const std::size_t count = std::min<std::size_t>(header->e_phnum, kMaxProgramHeaders);
  for (std::size_t i = 0; i < count; ++i) {
    const auto segment = file.read_at<ElfW(Phdr)>(header->e_phoff + i * sizeof(ElfW(Phdr)));
    if (!segment) return;
    segments.push_back(*segment);
  }
  facts.kind = FileKind::native_elf;
  for (const auto& segment : segments) {
    if (segment.p_type == PT_INTERP) facts.interpreter = file.c_string(segment.p_offset);
    if (segment.p_type == PT_DYNAMIC) facts.needed = read_needed(file, segments, segment);
    if (segment.p_type == PT_NOTE && has_go_note(file, segment)) facts.go = true;
  }
  if (!facts.go) facts.go = has_go_section(file, *header);
}

// As fs/binfmt_script.c reads it: blanks, interpreter, blanks, one argument up to the end of line.
void read_script(const File& file, ExecutableFacts& facts) {
  constexpr const char* kBlank = " \t";
  std::string line = file.bytes(2, kScriptLine - 2);
  line.resize(std::min(line.size(), line.find_first_of(std::string_view("\n\0", 2))));
  line.erase(line.find_last_not_of(kBlank) + 1);
  facts.kind = FileKind::script;
  const std::size_t begin = line.find_first_not_of(kBlank);
  if (begin == std::string::npos) {
    facts.kind = FileKind::other;  // ENOEXEC: execvp hands it to /bin/sh
    return;
  }
  const std::size_t end = std::min(line.find_first_of(kBlank, begin), line.size());
  facts.interpreter = line.substr(begin, end - begin);
  const std::size_t argument = line.find_first_not_of(kBlank, end);
  if (argument != std::string::npos) facts.script_argument = line.substr(argument);
}

}  // namespace

Result<ExecutableFacts> read_executable(const std::string& path) {
  ExecutableFacts facts;
  // O_NONBLOCK: a FIFO in the place of a program must not block us.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) {
    if (errno == EACCES || errno == EPERM) {
      facts.readable = false;
      return facts;
    }
    return Error{"cannot open '" + path + "': " + std::strerror(errno), ""};
  }
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{"'" + path + "' is not a regular file", ""};
  }
  const File file(std::move(fd), static_cast<std::uint64_t>(status.st_size));
  const std::string magic = file.bytes(0, SELFMAG);
  if (magic == ELFMAG) {
    read_elf(file, facts);
  } else if (magic.starts_with("#!")) {
    read_script(file, facts);
  }
  return facts;
}

}  // namespace sockwatch::launch
