#include "viewer/launch/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sockwatch::launch {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kOurs = "/opt/lib/libsockwatch.so";

TEST(AppendPreload, OursComesLastAndOnce) {
  EXPECT_EQ(append_preload("", kOurs), kOurs);
  EXPECT_EQ(append_preload("/a.so", kOurs), "/a.so:/opt/lib/libsockwatch.so");
  EXPECT_EQ(append_preload("/a.so libb.so", kOurs), "/a.so:libb.so:/opt/lib/libsockwatch.so");
  EXPECT_EQ(append_preload(kOurs, kOurs), kOurs);
  EXPECT_EQ(append_preload(std::string(kOurs) + ":/a.so:" + kOurs, kOurs),
            "/a.so:/opt/lib/libsockwatch.so");
  EXPECT_EQ(append_preload(": ::", kOurs), kOurs);
}

TEST(AppendPreload, AnotherVersionOfUsGoes) {
  EXPECT_EQ(append_preload("/old/libsockwatch.so:/a.so", kOurs), "/a.so:/opt/lib/libsockwatch.so");
  EXPECT_EQ(append_preload("libsockwatch.so", kOurs), kOurs);
  EXPECT_EQ(append_preload("/x/mylibsockwatch.so", kOurs),
            "/x/mylibsockwatch.so:/opt/lib/libsockwatch.so");
}

TEST(FitsPreload, WhatTheLoaderWouldSplitOrExpandDoesNot) {
  EXPECT_TRUE(fits_preload(kOurs));
  EXPECT_FALSE(fits_preload("/my lib/x.so"));
  EXPECT_FALSE(fits_preload("/a:b/x.so"));
  EXPECT_FALSE(fits_preload("/a/$LIB/x.so"));
}

TEST(RecordedEnvironment, ChangesOnlyWhatItMust) {
  const auto environment =
      recorded_environment({"A=1", "LD_PRELOAD=/a.so", "B=", "=odd", "SOCKWATCH_DETAIL=calls"},
                           {.library = kOurs, .run_directory = "/dev/shm/run"});
  EXPECT_THAT(environment,
              ElementsAre("A=1", "LD_PRELOAD=/a.so:/opt/lib/libsockwatch.so", "B=", "=odd",
                          "SOCKWATCH_DIR=/dev/shm/run", "ASAN_OPTIONS=verify_asan_link_order=0"));
}

TEST(RecordedEnvironment, Detail) {
  EXPECT_THAT(
      recorded_environment({}, {.library = kOurs, .run_directory = "/r", .all_calls = true}),
      Contains("SOCKWATCH_DETAIL=calls"));
}

TEST(RecordedEnvironment, Follow) {
  EXPECT_THAT(recorded_environment({}, {.library = kOurs, .run_directory = "/r", .follow = true}),
              Contains("SOCKWATCH_FOLLOW=1"));
  EXPECT_THAT(recorded_environment({"SOCKWATCH_FOLLOW=1"}, {kOurs, "/r"}),
              Not(Contains("SOCKWATCH_FOLLOW=1")));
}

TEST(RecordedEnvironment, OptionsOfTheSanitizerAreKept) {
  EXPECT_THAT(recorded_environment({"ASAN_OPTIONS=detect_leaks=0"}, {kOurs, "/r"}),
              Contains("ASAN_OPTIONS=detect_leaks=0:verify_asan_link_order=0"));
  EXPECT_THAT(recorded_environment({"ASAN_OPTIONS=verify_asan_link_order=1"}, {kOurs, "/r"}),
              Contains("ASAN_OPTIONS=verify_asan_link_order=1"));
}

TEST(RecordedEnvironment, AnInnerRecordingReplacesTheOuter) {
  const auto environment = recorded_environment(
      {"SOCKWATCH_DIR=/outer", std::string("LD_PRELOAD=") + kOurs}, {kOurs, "/inner"});
  EXPECT_THAT(environment, IsSupersetOf({std::string("SOCKWATCH_DIR=/inner"),
                                         std::string("LD_PRELOAD=") + kOurs}));
  EXPECT_THAT(environment, Not(Contains("SOCKWATCH_DIR=/outer")));
}

TEST(RecordedEnvironment, WithoutALibraryNothingChanges) {
  const Environment base = {"A=1", "LD_PRELOAD=/a.so"};
  EXPECT_EQ(recorded_environment(base, {.library = "", .run_directory = "/r"}), base);
}

TEST(UnrecordedEnvironment, HasNothingOfOurs) {
  EXPECT_THAT(unrecorded_environment({"A=1", "LD_PRELOAD=/a.so", "SOCKWATCH_DIR=/r",
                                      "SOCKWATCH_DETAIL=calls", "SOCKWATCH_FOLLOW=1"}),
              ElementsAre("A=1"));
}

}  // namespace
}  // namespace sockwatch::launch
