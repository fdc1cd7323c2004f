// Calls that failed before there was a connection: one row per call and errno.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

const Address kAny80{"ipv4", "0.0.0.0", 80};

TEST(FailedCalls, SameCallAndErrnoAreOneRow) {
  Story story;
  story.socket_fails(EMFILE);
  const auto first_ns = story.now();
  story.settle();  // stored, and stored again when it changed
  story.pass(50);
  story.socket_fails(EMFILE, AF_INET6);
  const auto last_ns = story.now();
  ASSERT_EQ(story.failed_calls().size(), 1U);
  const store::FailedCallRow& row = story.failed_calls().begin()->second;
  EXPECT_EQ(row.call, "socket");
  EXPECT_EQ(row.error, EMFILE);
  EXPECT_EQ(row.count, 2);
  EXPECT_EQ(row.first_ns, first_ns);
  EXPECT_EQ(row.last_ns, last_ns);
  EXPECT_EQ(row.process_id, 7);
  EXPECT_EQ(row.argument, std::nullopt);
}

TEST(FailedCalls, OthersAreOtherRows) {
  Story story;
  story.socket_fails(EMFILE);
  story.socket_fails(EAFNOSUPPORT, AF_INET6);
  story.bind_fails(EADDRINUSE, kAny80);
  story.listen_fails(EADDRINUSE);
  EXPECT_EQ(story.failed_calls().size(), 4U);
}

TEST(FailedCalls, AFamilyThatIsNotSupportedIsNoAttempt) {
  Story story;
  story.socket_fails(EAFNOSUPPORT, AF_INET6);
  EXPECT_EQ(story.row_count(), 0U);
  EXPECT_EQ(story.failed_calls().size(), 1U);
}

TEST(FailedCalls, BindTellsTheAddressAndThePortOfTheNewestFailure) {
  Story story;
  story.bind_fails(EADDRINUSE, kAny80);
  story.bind_fails(EADDRINUSE, Address{kAny80.family, kAny80.text, 8080});
  story.bind_fails(EADDRINUSE, Address{"ipv6", "::1", 0});
  story.bind_fails(EADDRINUSE, Address{"unix", "/run/x", 0});
  const auto calls = story.failed_calls();
  ASSERT_EQ(calls.size(), 3U);
  auto row = calls.begin();
  EXPECT_EQ(row->second.address, kAny80.text);
  EXPECT_EQ(row->second.argument, 8080);
  EXPECT_EQ(row->second.count, 2);
  EXPECT_EQ((++row)->second.address, "::1");
  EXPECT_EQ((++row)->second.address, std::nullopt);
  EXPECT_EQ(row->second.argument, std::nullopt);
}

TEST(FailedCalls, BeyondSixteenAddressesOneRowCountsTheRest) {
  Story story;
  for (int i = 0; i < 20; ++i) {
    story.bind_fails(EADDRNOTAVAIL, Address{"ipv4", "10.0.0." + std::to_string(i), 7});
  }
  story.bind_fails(EADDRNOTAVAIL, Address{"ipv4", "10.0.0.3", 7});
  const auto calls = story.failed_calls();
  ASSERT_EQ(calls.size(), 17U);
  EXPECT_EQ(std::next(calls.begin(), 3)->second.count, 2);
  EXPECT_EQ(calls.rbegin()->second.address, std::nullopt);
  EXPECT_EQ(calls.rbegin()->second.count, 4);
}

TEST(FailedCalls, SelectKeepsTheLargestNumber) {
  Story story;
  story.select_beyond_set(1106);
  story.select_beyond_set(1050);
  ASSERT_EQ(story.failed_calls().size(), 1U);
  const store::FailedCallRow& row = story.failed_calls().begin()->second;
  EXPECT_EQ(row.call, "select");
  EXPECT_EQ(row.error, 0);
  EXPECT_EQ(row.argument, 1106);
  EXPECT_EQ(row.count, 2);
}

TEST(FailedCalls, WhatDidNotChangeIsNotToldAgain) {
  Ids ids;
  Tracker tracker(7, ids);
  Observation o;
  o.op = wire::Op::listen;
  o.result = -1;
  o.error = EADDRINUSE;
  tracker.apply(o);
  EXPECT_EQ(tracker.take().failed_calls.size(), 1U);
  EXPECT_TRUE(tracker.take().failed_calls.empty());
}

}  // namespace
}  // namespace sockwatch::connect::testing
