// An executable file as the launcher looks at it, before it is decided what can be seen of the
// program.
#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "tests/fuzz/input.h"
#include "viewer/launch/elf.h"
#include "viewer/launch/preflight.h"

namespace sockwatch::fuzz {
namespace {

// Headers that are right as far as they go: what lies behind them is what an input is about.
std::string elf_file(Input& input) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(input.below(6));
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<Elf64_Half>(input.below(4));
  header.e_shoff = sizeof header + header.e_phnum * sizeof(Elf64_Phdr);
  header.e_shstrndx = static_cast<Elf64_Half>(input.below(4));
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  constexpr Elf64_Word kTypes[] = {PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE};
  const auto place = [&input] {
    return input.below(8) == 0 ? input.take<std::uint64_t>() : input.take<std::uint16_t>() % 1024U;
  };
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    segment.p_type = input.pick(kTypes);
    segment.p_offset = place();
    segment.p_vaddr = place();
    segment.p_filesz = place();
    file.append(reinterpret_cast<const char*>(&segment), sizeof segment);
  }
  for (int i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    section.sh_name = static_cast<Elf64_Word>(place());
    section.sh_type = static_cast<Elf64_Word>(input.below(12));
    section.sh_offset = place();
    section.sh_size = place();
    file.append(reinterpret_cast<const char*>(&section), sizeof section);
  }
  return file + input.rest();
}

void run(Input input) {
  static const int fd = ::memfd_create("executable", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(fd);
  const std::string file = input.below(3) == 0 ? input.rest() : elf_file(input);
  require(::ftruncate(fd, 0) == 0, "the file can be emptied");
  require(::pwrite(fd, file.data(), file.size(), 0) == static_cast<ssize_t>(file.size()),
          "the file can be written");
  const auto facts = launch::read_executable(path);
  require(static_cast<bool>(facts), "a file that can be opened has facts");
  require(facts->readable, "and can be read");
  (void)launch::judge_elf(*facts, path);
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
