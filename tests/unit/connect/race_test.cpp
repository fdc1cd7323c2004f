// Happy eyeballs, and what only looks like it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

constexpr int kSix = 3;
constexpr int kFour = 4;

struct Race : ::testing::Test {
  Story story;
  void look_up() { story.lookup("api.internal", {"fd00::1", "10.0.0.1"}); }
};

TEST_F(Race, TheLoserIsSuperseded) {  // curl, first family black-holed
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.poll(kSix, 200).expires();
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.poll(kFour, 1000).ready(POLLOUT);
  story.so_error(kFour, 0, established());
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "superseded");
  EXPECT_EQ(story.row(1).expired_waits, 1);
  EXPECT_EQ(story.row(1).budget_ns, std::nullopt);
  EXPECT_EQ(story.row(2).outcome, "connected");
}

TEST_F(Race, SupersededEvenIfItHadJustConnected) {
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.so_error(kFour, 0, established());
  story.close(kSix, established());
  EXPECT_EQ(story.row(1).outcome, "superseded");
  EXPECT_EQ(story.row(1).tcp_state, 1);
}

TEST_F(Race, OneAfterTheOtherIsNoRace) {  // full time-out on the first address
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.poll(kSix, 3000).expires();
  story.close(kSix, syn_sent(2));
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.so_error(kFour, 0, established());
  EXPECT_EQ(story.row(1).outcome, "timed_out_caller");
}

TEST_F(Race, ALoserThatWaitsOnByItselfTimesOutByItself) {  // threads of a pool
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).by(200).in_progress();
  story.so_error(kFour, 0, established());
  story.poll(kSix, 50).expires();
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "timed_out_caller");
}

TEST_F(Race, AnotherConnectionToTheSameAddressIsNoSibling) {
  look_up();
  story.connect(kSix, "10.0.0.1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.so_error(kFour, 0, established());
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "cancelled");
}

TEST_F(Race, AnotherPortIsNoSibling) {
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 80).in_progress();
  story.so_error(kFour, 0, established());
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "cancelled");
}

TEST_F(Race, AWinLongBeforeTheCloseIsNoReason) {
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.so_error(kFour, 0, established());
  story.pass(2000);
  story.close(kSix, syn_sent(1));
  EXPECT_EQ(story.row(1).outcome, "cancelled");
}

TEST_F(Race, ManyWinsOfOtherThreadsProveNothing) {  // a busy pool on one name
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  for (int fd = 10; fd < 14; ++fd) {
    story.connect(fd, "10.0.0.1", 443).by(200).in_progress();
    story.thread = 200;
    story.so_error(fd, 0, established());
    story.thread = 100;
  }
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "cancelled");
}

TEST_F(Race, ManyRacesAtOnceEachWithItsWinner) {  // curl --parallel
  look_up();
  for (int i = 0; i < 5; ++i) story.connect(20 + i, "fd00::1", 443).in_progress();
  story.pass(200);
  for (int i = 0; i < 5; ++i) story.connect(30 + i, "10.0.0.1", 443).in_progress();
  for (int i = 0; i < 5; ++i) {
    story.so_error(30 + i, 0, established());
    story.close(20 + i, syn_sent());
  }
  for (int id = 1; id <= 5; ++id) EXPECT_EQ(story.row(id).outcome, "superseded") << id;
}

TEST_F(Race, TwoLookupsOfOneName) {  // one per family
  story.lookup("api.internal", {"fd00::1"});
  story.lookup("api.internal", {"10.0.0.1"});
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.so_error(kFour, 0, established());
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "superseded");
}

TEST_F(Race, WithoutALookupTheOtherFamilyOnTheSameThread) {  // c-ares
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.so_error(kFour, 0, established());
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "superseded");
}

TEST_F(Race, WithoutALookupAScannerRacesNobody) {
  story.connect(kSix, "10.0.0.2", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).in_progress();
  story.so_error(kFour, 0, established());
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "cancelled");
}

TEST_F(Race, UdpWinsNothing) {  // QUIC beside TCP
  look_up();
  story.connect(kSix, "fd00::1", 443).in_progress();
  story.connect(kFour, "10.0.0.1", 443).udp().succeeds();
  story.close(kSix, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "cancelled");
}

}  // namespace
}  // namespace sockwatch::connect::testing
