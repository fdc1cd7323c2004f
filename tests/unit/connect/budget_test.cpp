// Whose time ran out, and how much of it there was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "tests/unit/connect/story.h"

namespace sockwatch::connect::testing {
namespace {

struct Budgets : ::testing::Test {
  Story story;
  void begin() { story.connect(kFd, "10.0.0.1", 80).in_progress(); }
};

TEST_F(Budgets, SlicesAddUp) {  // curl: 200 ms, then a second each
  begin();
  const auto started = story.now() - kCall;
  story.poll(kFd, 200).expires();
  story.poll(kFd, 1000).expires();
  story.poll(kFd, 800).expires();
  const auto last = story.now();
  story.pass(3);
  story.close(kFd, syn_sent(1));
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().budget_ns, last - started);
  EXPECT_EQ(story.row().expired_waits, 3);
}

TEST_F(Budgets, AForgedWaitFromTheFirstToTheLastMoment) {
  story.advance_to(0);
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  const auto began = story.now();
  Observation wait = story.call(wire::Op::epoll_wait, kEpoll);
  wait.payload.wait.timeout_ns = kMostNs - began;
  wait.flags = wire::kHasStart;
  wait.duration_ns = kMostNs - began;
  wait.t_ns = kMostNs;
  story.apply(wait);
  story.advance_to(kMostNs);
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().expired_waits, 1);
  EXPECT_EQ(story.row().budget_ns, kMostNs - began);
}

TEST_F(Budgets, ATimeLimitOfAges) {
  // Times a million this is 1 ms, and the rest does not fit.
  story.set_user_timeout(kFd, (std::int64_t{1} << 58) + 1);
  begin();
  story.pass(1000);
  story.so_error(kFd, ETIMEDOUT, syn_sent());
  EXPECT_EQ(story.row().outcome, "timed_out_kernel");
  EXPECT_EQ(story.row().budget_source, "kernel") << "that limit did not end it";
}

TEST_F(Budgets, WokenEarlyAndWaitedForTheRest) {
  begin();
  story.poll(kFd, 3000).returns_others(2700);
  story.poll(kFd, 300).expires();
  story.close(kFd, syn_sent(1));
  EXPECT_EQ(story.row().budget_ns, 3000 * kMs + kCall);
  EXPECT_EQ(story.row().waits, 2);
  EXPECT_EQ(story.row().expired_waits, 1);
}

TEST_F(Budgets, TheOnlyWaitThoughItBeganLate) {
  begin();
  story.pass(500);
  story.poll(kFd, 1000).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().budget_ns, 1000 * kMs);
}

TEST_F(Budgets, AShortSliceBeforeALongOneIsAddedToo) {
  begin();
  const auto started = story.now() - kCall;
  story.poll(kFd, 100).expires();
  story.poll(kFd, 1900).expires();
  const auto last = story.now();
  story.close(kFd, syn_sent(1));
  EXPECT_EQ(story.row().budget_ns, last - started);
}

TEST_F(Budgets, ALookAtASetIsNoWait) {
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  begin();
  for (int i = 0; i < 3; ++i) story.epoll(kEpoll, 0).returns_others(0);
  story.epoll(kEpoll, 2000).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().waits, 1);
}

TEST_F(Budgets, ALookIsNoWait) {
  begin();
  story.poll(kFd, 0).returns_others(0);
  story.poll(kFd, 2000).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().waits, 1);
  EXPECT_EQ(story.row().budget_ns, 2000 * kMs);
}

TEST_F(Budgets, SelectIsNamed) {
  begin();
  story.poll(kFd, 700, wire::Op::pselect).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().budget_source, "select");
}

TEST_F(Budgets, OneDescriptorListedTwiceWaitedOnce) {
  begin();
  Observation o = story.call(wire::Op::poll, -1);
  o.flags = wire::kHasStart;
  o.duration_ns = 100 * kMs;
  o.payload.wait = {100 * kMs, 2, 0};
  o.entries = {{kFd, POLLIN, 0}, {kFd, POLLOUT, 0}};
  story.pass(100);
  story.say(o);
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().waits, 1);
  EXPECT_EQ(story.row().expired_waits, 1);
}

TEST_F(Budgets, AWaitInSeveralEvents) {
  begin();
  story.connect(4, "10.0.0.2", 80).in_progress();
  Observation o = story.call(wire::Op::poll, -1);
  o.flags = wire::kHasStart | wire::kMoreEntries;
  o.duration_ns = 100 * kMs;
  o.payload.wait = {100 * kMs, 2, 0};
  o.entries = {{kFd, POLLOUT, 0}};
  story.pass(100);
  o.t_ns = story.now();
  story.apply(o);
  o.flags = wire::kHasStart;
  o.entries = {{4, POLLOUT, 0}};
  story.apply(o);
  story.close(kFd, syn_sent());
  story.close(4, syn_sent());
  EXPECT_EQ(story.row(1).outcome, "timed_out_caller");
  EXPECT_EQ(story.row(2).outcome, "timed_out_caller");
}

TEST_F(Budgets, EpollOfTheSocketsSet) {
  begin();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.epoll(kEpoll, 1500).by(55).expires();  // a selector thread
  story.close(kFd, syn_sent());
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_caller");
  EXPECT_EQ(row.budget_source, "epoll");
  EXPECT_EQ(row.budget_ns, 1500 * kMs);
  ASSERT_EQ(story.waits().size(), 1u);
  EXPECT_EQ(story.waits()[0].tid, 55);
  EXPECT_EQ(story.waits()[0].call, "epoll_wait");
}

TEST_F(Budgets, EpollOfAnotherSetIsNotOurs) {
  begin();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.epoll(kEpoll + 1, 1500).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "cancelled");
  EXPECT_EQ(story.row().waits, 0);
}

TEST_F(Budgets, ANewSetOfTheSameNumberIsNotOurs) {
  begin();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.epoll(kEpoll, 300).expires();
  story.close(kEpoll);
  for (int i = 0; i < 2; ++i) {  // the second time nobody saw the close
    auto created = story.call(wire::Op::epoll_create1, -1);
    created.result = kEpoll;
    story.apply(created);
    story.epoll(kEpoll, 700).expires();
  }
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().budget_ns, 300 * kMs);
  EXPECT_EQ(story.row().expired_waits, 1);
  EXPECT_EQ(story.waits().size(), 1u);
}

TEST_F(Budgets, UnknownMembershipCountsTheConnectingThread) {  // epoll_ctl through io_uring
  begin();
  story.epoll(kEpoll, 700).by(55).expires();
  story.epoll(kEpoll, 500).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
  EXPECT_EQ(story.row().expired_waits, 1);
}

// A set whose members are put in where we see it does not have the others.
TEST_F(Budgets, ASetThatNeverHeldTheSocketIsNotOurs) {
  story.connect(kFd + 1, "10.0.0.2", 80).in_progress();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd + 1);
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.epoll(kEpoll, 700).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row(2).outcome, "cancelled");
  EXPECT_EQ(story.row(2).expired_waits, 0);
}

TEST_F(Budgets, APolledSocketDoesNotCountItsThreadsEpoll) {
  begin();
  story.epoll(kEpoll, 500).expires();
  story.poll(kFd, 100).returns_others(1);
  story.epoll(kEpoll, 500).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().expired_waits, 0);
}

TEST_F(Budgets, AWaitBegunBeforeTheConnectWasNotForIt) {
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  begin();
  story.epoll(kEpoll, 1000).by(55).started_ms_ago(990).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().outcome, "cancelled");
}

TEST_F(Budgets, LeavingTheSetKeepsWhatWasWaited) {  // libuv: epoll_ctl DEL, then close
  begin();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  story.epoll(kEpoll, 800).expires();
  story.epoll_ctl(kEpoll, EPOLL_CTL_DEL, kFd);
  story.epoll(kEpoll, 800).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().expired_waits, 1);
  EXPECT_EQ(story.row().budget_ns, 800 * kMs);
}

TEST_F(Budgets, MoreExpiredWaitsThanAreRemembered) {
  begin();
  story.epoll_ctl(kEpoll, EPOLL_CTL_ADD, kFd);
  for (int i = 0; i < 1000; ++i) story.epoll(kEpoll, 1).expires();
  const auto last = story.now();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().expired_waits, 1000);
  EXPECT_EQ(story.row().waits, 1000);
  EXPECT_EQ(story.row().budget_ns, last - story.row().started_ns);
  EXPECT_LE(story.waits().size(), 32u);
}

// With all calls in detail, a wait of one socket is a call on its connection.
TEST(Calls, APollOfOneSocketNamesItsConnection) {
  Story story(Options{.all_calls = true});
  story.connect(kFd, "10.0.0.1", 80).in_progress();
  story.poll(kFd, 500).ready(POLLOUT);
  const auto& calls = story.calls();
  ASSERT_FALSE(calls.empty());
  EXPECT_EQ(calls.back().call, "poll");
  EXPECT_EQ(calls.back().fd, kFd);
  EXPECT_EQ(calls.back().connection_id, 1);
}

TEST_F(Budgets, WaitRowsAreBounded) {
  begin();
  for (int i = 0; i < 500; ++i) story.poll(kFd, 1).expires();
  story.close(kFd, syn_sent());
  EXPECT_EQ(story.row().expired_waits, 500);
  EXPECT_EQ(story.waits().size(), 32u);
}

TEST_F(Budgets, SendTimeoutOfABlockingConnect) {
  story.set_timeout(kFd, SO_SNDTIMEO, 2000);
  story.connect(kFd, "10.0.0.1", 80).blocking().took(2004).fails(EINPROGRESS, syn_sent(1));
  const auto expired = story.now();
  auto row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_caller");  // at once: the call was a time-out
  EXPECT_EQ(row.budget_source, "SO_SNDTIMEO");
  EXPECT_EQ(row.budget_ns, 2000 * kMs);
  EXPECT_EQ(row.error, EINPROGRESS);
  EXPECT_EQ(row.decided_ns, expired);
  story.pass(60'000);  // closed by a garbage collector
  story.close(kFd, syn_sent(6));
  row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_caller");
  EXPECT_EQ(row.decided_ns, expired);
  EXPECT_EQ(row.budget_ns, 2000 * kMs);
  EXPECT_EQ(row.closed_ns, story.now());
  EXPECT_EQ(row.syn_retransmits, 1);  // in that time, not until the close
}

// A program that waits on with the same call gave it the sum.
TEST_F(Budgets, SendTimeoutsAddUp) {
  story.set_timeout(kFd, SO_SNDTIMEO, 1500);
  story.connect(kFd, "10.0.0.1", 80).blocking().took(1500).fails(EINPROGRESS, syn_sent(1));
  story.connect(kFd, "10.0.0.1", 80).blocking().took(1500).fails(EALREADY, syn_sent(2));
  const auto expired = story.now();
  story.close(kFd, syn_sent(2));
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "timed_out_caller");
  EXPECT_EQ(row.expired_waits, 2);
  EXPECT_EQ(row.decided_ns, expired);
  EXPECT_EQ(row.budget_ns, expired - row.started_ns);
  EXPECT_EQ(row.syn_retransmits, 2);
}

TEST_F(Budgets, SendTimeoutWhoseValueWasNotSeen) {
  story.connect(kFd, "10.0.0.1", 80).blocking().took(1500).fails(EINPROGRESS);
  EXPECT_EQ(story.row().budget_ns, 1500 * kMs);
  story.process_ends();
  EXPECT_EQ(story.row().outcome, "timed_out_caller");
}

TEST_F(Budgets, SendTimeoutThenItConnectedAfterAll) {
  story.connect(kFd, "10.0.0.1", 80).blocking().took(1500).fails(EINPROGRESS);
  story.connect(kFd, "10.0.0.1", 80).blocking().took(1500).fails(EALREADY);
  EXPECT_EQ(story.row().expired_waits, 2);
  story.connect(kFd, "10.0.0.1", 80).blocking().took(20).succeeds();
  const auto row = story.row();
  EXPECT_EQ(row.outcome, "connected");
  EXPECT_EQ(row.expired_waits, 2);
  EXPECT_EQ(row.budget_source, "SO_SNDTIMEO");
  EXPECT_EQ(row.error, std::nullopt);
  EXPECT_EQ(row.noticed_ns, story.now());
}

TEST_F(Budgets, InProgressAtOnceIsNoTimeOut) {
  story.connect(kFd, "10.0.0.1", 80).blocking().fails(EINPROGRESS);
  EXPECT_EQ(story.row().outcome, "pending");
}

TEST_F(Budgets, LimitInForceOfABlockingConnect) {
  story.set_timeout(kFd, SO_SNDTIMEO, 5000);
  story.connect(kFd, "10.0.0.1", 80).blocking().succeeds();
  EXPECT_EQ(story.row().budget_ns, 5000 * kMs);
  EXPECT_EQ(story.row().budget_source, "SO_SNDTIMEO");
}

TEST_F(Budgets, ReadyAfterASliceIsNotWaitedOut) {
  begin();
  story.poll(kFd, 200).expires();
  story.poll(kFd, 1000).ready(POLLOUT, 10);
  story.close(kFd, established());
  EXPECT_EQ(story.row().outcome, "connected");
  EXPECT_EQ(story.row().expired_waits, 1);
}

}  // namespace
}  // namespace sockwatch::connect::testing
