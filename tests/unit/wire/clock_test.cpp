#include "shim/clock.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/time.h>

#include <cstring>
#include <limits>
#include <memory>
#include <vector>

namespace sockwatch::shim::clock {
namespace {

std::uint64_t libc_now(clockid_t id) {
  timespec time{};
  clock_gettime(id, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

#if defined(__aarch64__)
constexpr char kSymbol[] = "__kernel_clock_gettime";
#else
constexpr char kSymbol[] = "__vdso_clock_gettime";
#endif

const void* vdso() { return reinterpret_cast<const void*>(getauxval(AT_SYSINFO_EHDR)); }

std::size_t vdso_size() {
  const auto* elf = static_cast<const Elf64_Ehdr*>(vdso());
  const auto* segments =
      reinterpret_cast<const Elf64_Phdr*>(static_cast<const char*>(vdso()) + elf->e_phoff);
  std::size_t size = 0;
  for (int i = 0; i < elf->e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD) size = segments[i].p_offset + segments[i].p_memsz;
  }
  return size;
}

TEST(Clock, AgreesWithTheCLibraryBeforeAndAfterTheVdsoIsFound) {
  for (int pass = 0; pass < 2; ++pass) {
    const std::uint64_t before = libc_now(CLOCK_MONOTONIC);
    const std::uint64_t ours = now_ns();
    EXPECT_GE(ours, before);
    EXPECT_LE(ours, libc_now(CLOCK_MONOTONIC));
    const std::uint64_t wall_before = libc_now(CLOCK_REALTIME);
    const std::uint64_t wall = wall_ns();
    EXPECT_GE(wall, wall_before);
    EXPECT_LE(wall, libc_now(CLOCK_REALTIME));
    start();
  }
}

TEST(Vdso, HasTheFunction) {
  if (vdso() == nullptr) GTEST_SKIP() << "no vdso in this process";
  const void* found = find_in_image(vdso(), 0, kSymbol);
  ASSERT_NE(found, nullptr);
  timespec time{};
  EXPECT_EQ(reinterpret_cast<int (*)(clockid_t, timespec*)>(const_cast<void*>(found))(
                CLOCK_MONOTONIC, &time),
            0);
  EXPECT_EQ(find_in_image(vdso(), 0, "no_such_function"), nullptr);
  EXPECT_EQ(find_in_image(vdso(), 0, "__vdso_clock_gettim"), nullptr);
}

// Cut anywhere, nothing beyond the cut is read (the copy ends where its memory ends, so a sanitizer
// sees it) and nothing beyond it is returned.
TEST(Vdso, IsNotReadBeyondItsEnd) {
  if (vdso() == nullptr) GTEST_SKIP() << "no vdso in this process";
  const std::size_t size = vdso_size();
  for (std::size_t cut = 1; cut < size; cut += cut < 4096 ? 7 : 61) {
    auto copy = std::make_unique<char[]>(cut);
    std::memcpy(copy.get(), vdso(), cut);
    const auto* found = static_cast<const char*>(find_in_image(copy.get(), cut, kSymbol));
    if (found != nullptr) {
      EXPECT_GE(found, copy.get());
      EXPECT_LT(found, copy.get() + cut);
    }
  }
}

// Every byte of the first page set to 0xff in turn: whatever the tables then say stays inside.
TEST(Vdso, SurvivesWrongTables) {
  if (vdso() == nullptr) GTEST_SKIP() << "no vdso in this process";
  const std::size_t size = vdso_size();
  auto copy = std::make_unique<char[]>(size);
  for (std::size_t at = 0; at < 4096 && at < size; ++at) {
    std::memcpy(copy.get(), vdso(), size);
    copy[at] = static_cast<char>(0xff);
    const auto* found = static_cast<const char*>(find_in_image(copy.get(), size, kSymbol));
    if (found != nullptr) {
      EXPECT_GE(found, copy.get());
      EXPECT_LT(found, copy.get() + size);
    }
  }
}

TEST(Vdso, NoImageAtAll) {
  const std::vector<char> zeros(4096, 0);
  EXPECT_EQ(find_in_image(zeros.data(), zeros.size(), kSymbol), nullptr);
  EXPECT_EQ(find_in_image(zeros.data(), 3, kSymbol), nullptr);
}

TEST(Periods, AreSaturatedNotOverflown) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(to_ns(timespec{1, 5}), 1'000'000'005);
  EXPECT_EQ(to_ns(timespec{-1, 5}), 0);
  EXPECT_EQ(to_ns(timespec{1, -5}), 0);
  EXPECT_EQ(to_ns(timespec{std::numeric_limits<time_t>::max(), 999'999'999}), kMax);
  EXPECT_EQ(to_ns(timeval{1, 5}), 1'000'005'000);
  EXPECT_EQ(to_ns(timeval{0, 2'500'000}), 2'500'000'000);
  EXPECT_EQ(to_ns(timeval{std::numeric_limits<time_t>::max(), 999'999}), kMax);
  EXPECT_EQ(to_ns(timeval{-1, 0}), 0);
}

}  // namespace
}  // namespace sockwatch::shim::clock
