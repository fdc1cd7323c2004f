// Connected, and then trouble: what must be proven before it is said, and how it is said.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/viewer/diagnose/connected_rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::Confidence;
using diagnose::Severity;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kFinWait1 = 4;
constexpr std::int64_t kLastAck = 9;

// Java's HttpClient shuts its side down when it gives up, and closes before the FIN is answered.
TEST(SilentProof, OurOwnFinIsNoData) {
  for (const std::int64_t state : {kFinWait1, kLastAck}) {
    Rows rows;
    auto& row = silent(rows, 0);
    row.close_tcp_state = state;
    row.close_unacked = 1;
    EXPECT_THAT(found(rows), ElementsAre("SILENT"));
    EXPECT_THAT(findings(rows)[0].summary, HasSubstr("acknowledged the request"));
    row.close_bytes_acked = 412;  // one byte of the data is missing as well
    EXPECT_THAT(found(rows), IsEmpty());
  }
}

TEST(SilentProof, EpollDoesNotSayForWhom) {
  Rows rows;
  silent(rows, 0).budget_source = "epoll";
  const auto one = find(findings(rows), "SILENT");
  EXPECT_EQ(one.confidence, Confidence::medium);
  EXPECT_EQ(one.severity, Severity::warning);
  EXPECT_THAT(one.summary, HasSubstr("Whether the program waited for an answer is not known."));
  EXPECT_THAT(one.evidence, Contains(HasSubstr("epoll, for many sockets at once")));
  // One that surely was waited for is enough.
  silent(rows, kS);
  const auto both = find(findings(rows), "SILENT");
  EXPECT_EQ(both.severity, Severity::error);
  EXPECT_THAT(both.summary, Not(HasSubstr("is not known")));
}

// Three lines of a log are three segments, and nobody answers them.
TEST(SilentProof, MorePiecesThanARequestHas) {
  const auto doubted = [](const Rows& rows) {
    const auto one = find(findings(rows), "SILENT");
    return std::any_of(one.evidence.begin(), one.evidence.end(), [](const std::string& line) {
      return line.starts_with("sent in more pieces than a request");
    });
  };
  for (const auto& [delivered, expected] : {std::pair{3, false}, std::pair{4, true}}) {
    Rows rows;
    auto& row = silent(rows, 0);
    row.close_snd_mss = 1448;
    row.close_delivered = delivered;  // the SYN is one of them
    EXPECT_EQ(doubted(rows), expected) << delivered;
    row.close_tcp_state = 5;  // our FIN is one of them, too
    ++*row.close_delivered;
    EXPECT_EQ(doubted(rows), expected) << delivered;
  }
  Rows two_waits;  // the second line may have come after the first wait
  auto& two = silent(two_waits, 0);
  two.expired_waits = 2;
  two.close_delivered = 3;
  EXPECT_TRUE(doubted(two_waits));
  Rows large;
  auto& row = silent(large, 0);
  row.bytes_sent = 14'480;
  row.close_bytes_acked = 14'481;
  row.close_snd_mss = 1448;
  row.close_delivered = 12;
  row.segs_out = 14;
  EXPECT_FALSE(doubted(large));
}

// A killed process closes nothing: what became of its request was not seen, and is not claimed.
TEST(SilentProof, OfAKilledProcessNothingIsClaimed) {
  Rows rows;
  auto& row = silent(rows, 0);
  row.ending = "closed";
  row.expired_waits = 0;
  row.budget_source.reset();
  row.budget_ns.reset();
  row.bytes_sent.reset();
  row.close_bytes_acked = 1;
  const auto one = find(findings(rows), "SILENT");
  EXPECT_EQ(one.severity, Severity::info);
  EXPECT_THAT(one.summary, Not(HasSubstr("acknowledged")));
  EXPECT_THAT(one.evidence, Contains(HasSubstr("TCP not read after the request")));
  EXPECT_THAT(one.evidence, Contains(HasSubstr("no wait known to have run out")));
  EXPECT_THAT(one.evidence, Each(Not(HasSubstr("0 of 1"))));
  EXPECT_THAT(one.evidence, Each(Not(HasSubstr("the others"))));
  EXPECT_THAT(one.excluded, Each(Not(HasSubstr("not a request lost on the way"))));
}

TEST(TlsHangProof, AHelloThatWasNotSeenToArriveWasSent) {
  Rows rows;
  silent(rows, 0).tls = true;
  EXPECT_THAT(findings(rows)[0].summary, HasSubstr("the TLS hello was received"));
  rows.connections[0].bytes_sent.reset();
  rows.connections[0].close_bytes_acked = 1;
  EXPECT_THAT(findings(rows)[0].summary, HasSubstr("the TLS hello was sent"));
}

// Bytes wait, nothing is on its way: a closed window, or packets that do not leave this host.
store::ConnectionRow& stuck(Rows& rows, std::int64_t backoff, std::int64_t probes,
                            std::int64_t last_ack_ms) {
  auto& row = silent(rows, 0, 20 * kS);
  row.bytes_sent = 100'412;
  row.close_notsent_bytes = 100'000;
  row.close_backoff = backoff;
  row.close_probes = probes;
  row.close_last_ack_ms = last_ack_ms;
  return row;
}

TEST(ZeroWin, NeedsAnAnsweredProbe) {
  struct Want {
    std::int64_t backoff;
    std::int64_t probes;
    bool expected;
  };
  for (const auto& [backoff, probes, expected] :
       {Want{0, 0, false}, Want{0, 1, false}, Want{1, 1, false}, Want{1, 0, true}, Want{2, 1, true},
        Want{4, 0, true}, Want{2, 2, false}, Want{3, 3, false}}) {
    Rows rows;
    stuck(rows, backoff, probes, 400);
    EXPECT_EQ(has(findings(rows), "ZEROWIN"), expected) << backoff << ' ' << probes;
  }
  Rows rows;
  stuck(rows, 4, 0, 400);
  EXPECT_THAT(found(rows), ElementsAre("ZEROWIN"));
  EXPECT_EQ(findings(rows)[0].severity, Severity::error);
  rows.connections[0].close_unacked = 1;
  EXPECT_FALSE(has(findings(rows), "ZEROWIN"));
}

// Closed with data unsent: what the program gave is lost, if it rested for a second or more.
TEST(ZeroWin, IsAWarningWhereTheProgramClosedBecauseOfIt) {
  const auto severity = [](std::int64_t rto_us, const char* ending) {
    Rows rows;
    auto& row = stuck(rows, 2, 0, 400);
    row.close_rto_us = rto_us;
    row.ending = ending;
    row.expired_waits = 0;
    return find(findings(rows), "ZEROWIN").severity;
  };
  EXPECT_EQ(severity(333'333, "closed"), Severity::info);
  EXPECT_EQ(severity(333'334, "closed"), Severity::warning);
  EXPECT_EQ(severity(333'334, "open"), Severity::info);
  EXPECT_EQ(severity(333'333, "response_timed_out"), Severity::error);
}

TEST(ZeroWin, AFinThatWaitsIsNoData) {
  Rows rows;
  auto& row = stuck(rows, 4, 0, 400);
  row.close_tcp_state = kFinWait1;
  row.close_notsent_bytes = 1;
  EXPECT_FALSE(has(findings(rows), "ZEROWIN"));
  row.close_notsent_bytes = 2;
  EXPECT_TRUE(has(findings(rows), "ZEROWIN"));
}

// Measured with a drop in the output chain of this host.
TEST(PathLostProof, NothingLeavesThisHost) {
  Rows rows;
  stuck(rows, 3, 3, 1596);
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
  const auto one = findings(rows)[0];
  EXPECT_THAT(one.summary, HasSubstr("nothing got out any more: 3 tries unanswered, last heard "
                                     "of 1.6 s before the end"));
  EXPECT_THAT(one.evidence, Contains(HasSubstr("dropped on this host")));
  EXPECT_THAT(one.next_steps[0], HasSubstr("nft list ruleset"));
  rows.connections[0].close_last_ack_ms = 999;
  EXPECT_THAT(found(rows), IsEmpty());
}

TEST(PathLostProof, APeerThatClosedItsWindowAndWentAway) {
  Rows rows;
  stuck(rows, 6, 3, 3000);
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
}

// No box on the way forgets a connection whose packets stay here.
TEST(PathLostProof, NothingLeavesThisHostAfterAPause) {
  Rows rows;
  auto& row = stuck(rows, 3, 3, 62'000);
  row.turns = 1;
  row.first_receive_ns = *row.first_send_ns + kMs;
  row.idle_ns = 60 * kS;
  row.close_last_receive_ms = 62'000;
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
}

// Everything arrived; only the goodbye did not.
TEST(PathLostProof, AFinAloneIsNoData) {
  Rows rows;
  auto& row = silent(rows, 0);
  row.close_tcp_state = kFinWait1;
  row.close_unacked = 1;
  row.close_backoff = 3;
  row.close_last_ack_ms = 2988;
  EXPECT_THAT(found(rows), ElementsAre("SILENT"));
}

TEST(LateResetWords, BeforeAWordWasSaid) {
  Rows rows;
  auto& row = reset(rows, 0);
  row.first_send_ns.reset();
  row.first_receive_ns.reset();
  row.bytes_sent = 0;
  row.bytes_received = 0;
  row.turns = 0;
  row.idle_ns.reset();
  const auto one = find(findings(rows), "LATERESET");
  EXPECT_EQ(one.summary, "10.0.0.7:443 reset the connection before anything was said on it.");
  EXPECT_THAT(one.excluded, Each(Not(HasSubstr("in use"))));
}

TEST(LateResetWords, InsteadOfAnAnswer) {
  Rows rows;
  auto& row = reset(rows, 0);
  row.first_receive_ns.reset();
  row.bytes_received = 0;
  row.turns = 0;
  EXPECT_EQ(find(findings(rows), "LATERESET").summary,
            "10.0.0.7:443 answered the request with a reset.");
  reset(rows, 0);
  EXPECT_EQ(find(findings(rows), "LATERESET").summary,
            "Reset by 10.0.0.7:443: at times before any answer, else after up to 1,400 bytes.");
}

}  // namespace
}  // namespace sockwatch::testing
