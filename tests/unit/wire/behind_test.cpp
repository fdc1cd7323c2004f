#include "shim/behind.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
namespace sockwatch::shim {
namespace {

constexpr const char* kHooked[] = {
#define SOCKWATCH_OP(number, symbol, group) #symbol,
#define SOCKWATCH_TWIN(symbol, op, group) #symbol,
#include "shim/wire/ops.def"
};

// The loader's answer for the version that is the default: some names have older ones beside it.
TEST(Behind, FindsOfEachHookedFunctionWhatTheLoaderFinds) {
  void* const libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  ASSERT_NE(libc, nullptr);
  const Behind behind;
  for (const char* name : kHooked) {
    EXPECT_EQ(behind.next(name), dlsym(libc, name)) << name;
  }
  dlclose(libc);
}

TEST(Behind, HasNothingForANameThatIsNoFunctionOrNowhere) {
  const Behind behind;
  EXPECT_EQ(behind.next("sockwatch_is_nowhere"), nullptr);
  EXPECT_EQ(behind.next("environ"), nullptr);
  EXPECT_EQ(behind.own("sockwatch_is_nowhere"), nullptr);
}

// Chosen by the C library for this processor, as the loader chooses it.
TEST(Behind, FindsAFunctionThatIsChosenAtRunTime) {
  void* const libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  ASSERT_NE(libc, nullptr);
  EXPECT_EQ(Behind().next("strpbrk"), dlsym(libc, "strpbrk"));
  EXPECT_EQ(Behind().next("memmove"), dlsym(libc, "memmove"));
  dlclose(libc);
}

}  // namespace
}  // namespace sockwatch::shim
