// Whether the library records at all is decided once, from the environment.
#include "shim/state.h"

#include <gtest/gtest.h>

#include <string>

namespace sockwatch::shim {
namespace {

class State : public ::testing::Test {
 protected:
  void SetUp() override { before_ = state::mode; }
  void TearDown() override { state::mode = before_; }

  static state::Mode started_with(const std::string& directory, bool secure) {
    const std::string variable = "SOCKWATCH_DIR=" + directory;
    const char* const environment[] = {"HOME=/", variable.c_str(), nullptr};
    state::mode = state::Mode::unresolved;
    state::start(environment, secure);
    return state::mode;
  }

 private:
  state::Mode before_{};
};

TEST_F(State, RecordsWhereAsked) {
  EXPECT_EQ(started_with("/dev/shm/x", false), state::Mode::recording);
  EXPECT_STREQ(state::settings.directory, "/dev/shm/x");
}

// The environment is the choice of somebody with fewer rights than the program has.
TEST_F(State, AProgramThatGainsRightsByItsFileNeverRecords) {
  EXPECT_EQ(started_with("/dev/shm/x", true), state::Mode::dormant);
}

TEST_F(State, NeitherWithoutAWholePath) {
  EXPECT_EQ(started_with("", false), state::Mode::dormant);
  EXPECT_EQ(started_with("here", false), state::Mode::dormant);
  EXPECT_EQ(started_with("/" + std::string(state::Settings::kMaxDirectory, 'x'), false),
            state::Mode::dormant);
  const char* const nothing[] = {"SOCKWATCH_DIRECTORY=/x", nullptr};
  state::mode = state::Mode::unresolved;
  state::start(nothing, false);
  EXPECT_EQ(state::mode, state::Mode::dormant);
}

}  // namespace
}  // namespace sockwatch::shim
