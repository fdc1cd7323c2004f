// Names by address.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct NameByAddress : ::testing::Test {
  Story story;
  store::ConnectionRow connect(const std::string& address) {
    story.connect(3, address, 443).in_progress();
    return story.row();
  }
};

TEST_F(NameByAddress, FromAnotherThread) {
  story.thread = 7;
  story.lookup("api.internal", {"10.0.0.9", "10.0.0.1", "10.0.0.1"}, 5010);
  story.thread = 8;
  const auto row = connect("10.0.0.1");
  EXPECT_EQ(row.peer_name, "api.internal");
  EXPECT_EQ(row.resolution_id, 1);
  ASSERT_EQ(story.resolutions().size(), 1u);
  const auto& lookup = story.resolutions()[0];
  EXPECT_EQ(lookup.tid, 7);
  EXPECT_EQ(lookup.name, "api.internal");
  EXPECT_EQ(lookup.duration_ns, 5010 * kMs);
  EXPECT_EQ(lookup.addresses, "10.0.0.9 10.0.0.1 10.0.0.1");
}

TEST_F(NameByAddress, TheFamilyAskedForIsKept) {
  story.asks_for(AF_UNSPEC).lookup("any.internal", {"10.0.0.1"});
  story.asks_for(AF_INET).lookup("four.internal", {"10.0.0.1"});
  story.asks_for(AF_INET6).lookup("six.internal", {}, 3, EAI_NODATA);
  story.asks_for(AF_UNIX).lookup("none.internal", {}, 3, EAI_FAMILY);
  ASSERT_EQ(story.resolutions().size(), 4u);
  EXPECT_EQ(story.resolutions()[0].family, "any");
  EXPECT_EQ(story.resolutions()[1].family, "ipv4");
  EXPECT_EQ(story.resolutions()[2].family, "ipv6");
  EXPECT_EQ(story.resolutions()[3].family, std::nullopt);
}

TEST_F(NameByAddress, LatestWins) {
  story.lookup("old.internal", {"10.0.0.1"});
  story.lookup("new.internal", {"10.0.0.1"});
  EXPECT_EQ(connect("10.0.0.1").peer_name, "new.internal");
}

TEST_F(NameByAddress, ALookupThatNeverEndsIsTold) {
  story.begin_lookup("slow.internal");
  story.pass(1200);
  story.process_ends();
  ASSERT_EQ(story.resolutions().size(), 1u);
  const auto& lookup = story.resolutions()[0];
  EXPECT_EQ(lookup.name, "slow.internal");
  EXPECT_EQ(lookup.result, EAI_INPROGRESS);
  EXPECT_EQ(lookup.duration_ns, 1200 * kMs);
  EXPECT_EQ(lookup.addresses, "");
}

TEST_F(NameByAddress, AThreadHasSeveralLookedUpMeanwhile) {
  story.pass(1000);
  story.request("slow.internal", 0x1000, 300, Story::Asked::running);
  story.request("fast.internal", 0x2000, 300, Story::Asked::running);
  story.lookup("other.internal", {"10.0.0.1"});
  story.request("fast.internal", 0x2000, 400, Story::Asked::ended);
  story.pass(700);
  story.process_ends();
  ASSERT_EQ(story.resolutions().size(), 3u);
  EXPECT_EQ(story.resolutions()[1].name, "fast.internal");
  EXPECT_EQ(story.resolutions()[1].duration_ns, 400 * kMs);
  EXPECT_EQ(story.resolutions()[1].result, 0);
  EXPECT_EQ(story.resolutions()[2].name, "slow.internal");
  EXPECT_EQ(story.resolutions()[2].result, EAI_INPROGRESS);
  EXPECT_EQ(story.resolutions()[2].duration_ns, (300 + 1 + 700) * kMs);
}

TEST_F(NameByAddress, OneRowForALookupThatBeganAndEnded) {
  story.begin_lookup("api.internal");
  story.begin_lookup("api.internal");  // once more with a larger buffer
  story.lookup("api.internal", {"10.0.0.1"}, 5);
  story.process_ends();
  ASSERT_EQ(story.resolutions().size(), 1u);
  EXPECT_EQ(story.resolutions()[0].result, 0);
}

TEST_F(NameByAddress, NotFromALookupForAnotherPort) {
  story.lookup("web.internal", {"10.0.0.1"});  // for 443
  story.connect(3, "10.0.0.1", 5432).in_progress();
  EXPECT_EQ(story.row().peer_name, std::nullopt);
  EXPECT_EQ(story.row().resolution_id, std::nullopt);
}

TEST_F(NameByAddress, NotFromALookupThatWasStillRunning) {
  const auto started = story.now();
  story.lookup("late.internal", {"10.0.0.1"}, 50);
  Observation o = story.call(wire::Op::connect, 3);
  o.flags = wire::kNonBlocking | wire::kHasStart;
  o.t_ns = story.now() + 1;
  o.duration_ns = o.t_ns - started;
  o.result = -1;
  o.error = EINPROGRESS;
  o.peer = Address{"ipv4", "10.0.0.1", 443};
  o.payload.endpoint = {5, AF_INET, SOCK_STREAM, IPPROTO_TCP, 0};
  story.apply(o);
  EXPECT_EQ(story.row().peer_name, std::nullopt);
}

TEST_F(NameByAddress, AnAddressIsNoName) {
  story.lookup("10.0.0.1", {"10.0.0.1"});
  const auto row = connect("10.0.0.1");
  EXPECT_EQ(row.peer_name, std::nullopt);
  EXPECT_EQ(row.resolution_id, 1);
}

TEST_F(NameByAddress, ARealNameSurvivesTheLookupOfItsAddress) {
  story.lookup("api.internal", {"10.0.0.1"});
  story.lookup("10.0.0.1", {"10.0.0.1"});
  EXPECT_EQ(connect("10.0.0.1").peer_name, "api.internal");
}

TEST_F(NameByAddress, FailedLookupsAreRows) {
  story.lookup("gone.internal", {}, 10'010, -3);
  ASSERT_EQ(story.resolutions().size(), 1u);
  EXPECT_EQ(story.resolutions()[0].result, -3);
  EXPECT_EQ(story.resolutions()[0].error, std::nullopt);
}

TEST_F(NameByAddress, OldLookupsAreForgotten) {
  story.lookup("first.internal", {"10.0.0.1"});
  for (int i = 0; i < 4095; ++i) story.lookup("other.internal", {"10.0.0.2"});
  EXPECT_EQ(connect("10.0.0.1").peer_name, "first.internal");
  story.close(3, syn_sent());
  story.lookup("other.internal", {"10.0.0.2"});
  story.connect(4, "10.0.0.1", 443).in_progress();
  EXPECT_EQ(story.row(2).peer_name, std::nullopt);
}

}  // namespace
}  // namespace sockwatch::connect::testing
