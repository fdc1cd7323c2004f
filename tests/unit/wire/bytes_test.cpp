// The library's own copies, under other names.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

extern "C" {
void* own_memcpy(void* to, const void* from, std::size_t size);
void* own_memmove(void* to, const void* from, std::size_t size);
void* own_memset(void* to, int byte, std::size_t size);
}

namespace sockwatch::shim {
namespace {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + 1);
  return text;
}

TEST(Bytes, CopiesOfEverySizeAtEveryAddress) {
  const std::string from = pattern(200);
  for (std::size_t at = 0; at < 17; ++at) {
    for (std::size_t size = 0; size <= 100; ++size) {
      std::string to(200, 'x');
      std::string expected = to;
      expected.replace(at, size, from, at / 2, size);
      EXPECT_EQ(own_memcpy(to.data() + at, from.data() + at / 2, size), to.data() + at);
      ASSERT_EQ(to, expected) << at << ' ' << size;
      expected.replace(at, size, std::string(size, '\x91'));
      own_memset(to.data() + at, 0x191, size);
      ASSERT_EQ(to, expected) << at << ' ' << size;
    }
  }
}

TEST(Bytes, MovesToWhereItOverlaps) {
  for (std::size_t from = 0; from < 40; ++from) {
    for (std::size_t to = 0; to < 40; ++to) {
      for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 33U, 64U, 100U}) {
        std::string area = pattern(160);
        std::string expected = area;
        expected.replace(to, size, area.substr(from, size));
        own_memmove(area.data() + to, area.data() + from, size);
        ASSERT_EQ(area, expected) << from << " to " << to << ", " << size;
      }
    }
  }
}

}  // namespace
}  // namespace sockwatch::shim
