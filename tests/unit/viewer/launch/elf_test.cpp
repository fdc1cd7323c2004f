#include "viewer/launch/elf.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstring>
#include <random>

#include "tests/unit/viewer/launch/temporary_directory.h"

namespace sockwatch::launch {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::StartsWith;

std::string bytes_of(const auto& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

Elf64_Ehdr own_header() {
  Elf64_Ehdr header = {};
  std::ifstream self("/proc/self/exe", std::ios::binary);
  self.read(reinterpret_cast<char*>(&header), sizeof header);
  return header;
}

// An executable with one program header of the given type and `content` as what it covers.
std::string with_segment(std::uint32_t type, const std::string& content) {
  Elf64_Ehdr header = own_header();
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  header.e_shoff = 0;
  header.e_shnum = 0;
  Elf64_Phdr segment = {};
  segment.p_type = type;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = content.size();
  return bytes_of(header) + bytes_of(segment) + content;
}

class Elf : public ::testing::Test {
 protected:
  ExecutableFacts facts_of(const std::string& content) {
    const auto facts = read_executable(directory_.write("file", content, 0755));
    EXPECT_TRUE(facts);
    return facts ? *facts : ExecutableFacts();
  }
  TemporaryDirectory directory_;
};

TEST_F(Elf, OfADynamicProgram) {
  const auto facts = read_executable("/proc/self/exe");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->kind, FileKind::native_elf);
  EXPECT_THAT(facts->interpreter, ::testing::HasSubstr("/ld-linux"));
  EXPECT_THAT(facts->needed, Contains("libc.so.6"));
  EXPECT_FALSE(facts->go);
}

TEST_F(Elf, OfAStaticProgram) {
  const auto facts = read_executable(STATIC_PROGRAM);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->kind, FileKind::native_elf);
  EXPECT_EQ(facts->interpreter, "");
}

TEST_F(Elf, ThatNeedsTheAddressSanitizer) {
  const auto facts = read_executable(ASAN_PROGRAM);
  ASSERT_TRUE(facts);
  EXPECT_THAT(facts->needed,
              Contains(AnyOf(StartsWith("libasan.so"), StartsWith("libclang_rt.asan"))));
}

TEST_F(Elf, ForAnotherMachineOrWordSize) {
  Elf64_Ehdr header = own_header();
  header.e_machine = header.e_machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  EXPECT_EQ(facts_of(bytes_of(header)).kind, FileKind::foreign_elf);
  Elf32_Ehdr narrow = {};
  std::memcpy(narrow.e_ident, header.e_ident, EI_NIDENT);
  narrow.e_ident[EI_CLASS] = ELFCLASS32;
  narrow.e_machine = EM_386;
  EXPECT_EQ(facts_of(bytes_of(narrow)).kind, FileKind::foreign_elf);
}

TEST_F(Elf, OfGoIsKnownByItsNote) {
  const Elf64_Nhdr note = {4, 4, 4};
  const std::string build_id = bytes_of(note) + std::string("Go\0\0", 4) + "abcd";
  const Elf64_Nhdr other = {4, 4, 1};
  const std::string gnu = bytes_of(other) + std::string("GNU\0", 4) + "abcd";
  EXPECT_TRUE(facts_of(with_segment(PT_NOTE, build_id)).go);
  EXPECT_TRUE(facts_of(with_segment(PT_NOTE, gnu + build_id)).go);
  EXPECT_FALSE(facts_of(with_segment(PT_NOTE, gnu)).go);
}

TEST_F(Elf, OfGoIsKnownByItsSection) {
  const std::string names("\0.go.buildinfo\0.shstrtab\0", 25);
  Elf64_Ehdr header = own_header();
  Elf64_Phdr segment = {};
  segment.p_type = PT_LOAD;
  header.e_phoff = sizeof header;
  header.e_phnum = 1;
  header.e_shoff = sizeof header + sizeof segment;
  header.e_shnum = 2;
  header.e_shstrndx = 1;
  Elf64_Shdr info = {};
  info.sh_name = 1;
  Elf64_Shdr strings = {};
  strings.sh_name = 15;
  strings.sh_offset = header.e_shoff + 2 * sizeof(Elf64_Shdr);
  strings.sh_size = names.size();
  const std::string file =
      bytes_of(header) + bytes_of(segment) + bytes_of(info) + bytes_of(strings) + names;
  EXPECT_TRUE(facts_of(file).go);
  strings.sh_offset = ~std::uint64_t{0};
  EXPECT_FALSE(
      facts_of(bytes_of(header) + bytes_of(segment) + bytes_of(info) + bytes_of(strings) + names)
          .go);
}

TEST_F(Elf, NoteSizesBeyondTheFileEndTheSearch) {
  const Elf64_Nhdr note = {0xffffffff, 0xffffffff, 1};
  EXPECT_FALSE(facts_of(with_segment(PT_NOTE, bytes_of(note) + "Go")).go);
}

TEST_F(Elf, CutAnywhereIsReadWithoutHarm) {
  std::ifstream in(STATIC_PROGRAM, std::ios::binary);
  std::string whole(std::istreambuf_iterator<char>(in), {});
  for (const std::size_t size : {0, 1, 4, 17, 63, 64, 65, 100, 120, 500, 4096}) {
    const auto facts = facts_of(whole.substr(0, size));
    EXPECT_FALSE(facts.go) << size;
    if (size >= SELFMAG && size <= sizeof(Elf64_Ehdr)) {
      EXPECT_EQ(facts.kind, FileKind::damaged_elf) << size;
    }
  }
}

TEST_F(Elf, WithRandomTablesIsReadWithoutHarm) {
  std::mt19937 random(7);
  std::ifstream in("/proc/self/exe", std::ios::binary);
  std::string start(8192, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  for (int round = 0; round < 500; ++round) {
    std::string damaged = start;
    for (int i = 0; i < 20; ++i) {
      damaged[EI_NIDENT + random() % 1200] = static_cast<char>(random());
    }
    const auto facts = facts_of(damaged);
    EXPECT_NE(facts.kind, FileKind::script);
  }
}

TEST_F(Elf, ScriptLines) {
  auto facts = facts_of("#!/bin/sh\necho\n");
  EXPECT_EQ(facts.kind, FileKind::script);
  EXPECT_EQ(facts.interpreter, "/bin/sh");
  EXPECT_EQ(facts.script_argument, "");
  facts = facts_of("#! /usr/bin/env  python3 -u \n");
  EXPECT_EQ(facts.interpreter, "/usr/bin/env");
  EXPECT_EQ(facts.script_argument, "python3 -u");
  EXPECT_EQ(facts_of("#!").kind, FileKind::other);
  EXPECT_EQ(facts_of("#!  \n").kind, FileKind::other);
  EXPECT_EQ(facts_of("#!/bin/sh").interpreter, "/bin/sh");
  EXPECT_EQ(facts_of("").kind, FileKind::other);
  EXPECT_EQ(facts_of("#!" + std::string(100000, 'x')).interpreter.size(), 254u);
}

TEST_F(Elf, WhatIsNoFileIsAnError) {
  EXPECT_FALSE(read_executable(directory_ / "missing"));
  EXPECT_FALSE(read_executable(directory_.path()));
  const std::string fifo = directory_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0755), 0);
  EXPECT_FALSE(read_executable(fifo));
}

}  // namespace
}  // namespace sockwatch::launch
