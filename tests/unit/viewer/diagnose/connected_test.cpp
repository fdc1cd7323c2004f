// Connected, and then trouble: each rule at its bounds.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/viewer/diagnose/connected_rows.h"

namespace sockwatch::testing {
namespace {

using diagnose::Confidence;
using diagnose::Finding;
using diagnose::Severity;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Silent, TheKernelHasItAllTheApplicationSaysNothing) {
  Rows rows;
  silent(rows, 0);
  const auto all = findings(rows);
  EXPECT_THAT(ids(all), ElementsAre("SILENT"));
  EXPECT_EQ(all[0].severity, Severity::error);
  EXPECT_EQ(all[0].confidence, Confidence::medium);  // an answer may be lost unseen
  EXPECT_THAT(
      all[0].summary,
      HasSubstr("acknowledged the request (all 412 bytes), and nothing came back for 2.0 s. "
                "Either its application sent nothing, or the answer was lost on the way."));
  EXPECT_THAT(all[0].next_steps, Contains(HasSubstr("ping -M do -s 1472 10.0.0.7")));
}

TEST(Silent, OfSshTheGreetingIsMissing) {
  Rows rows;
  rows.process("/usr/bin/ssh");
  silent(rows, 0);
  EXPECT_THAT(findings(rows)[0].summary,
              HasSubstr("10.0.0.7:443 never sent its greeting, in 2.0 s"));
}

// Ctrl-C while it waits without a limit: no wait ran out, and nobody closed.
TEST(Silent, UntilASignalEndedTheProgram) {
  for (const std::int64_t status : {130, 0}) {
    Rows rows;
    auto& process = rows.process("/usr/bin/client");
    auto& row = silent(rows, 0, 3 * kS);
    row.ending = "closed";
    row.budget_ns.reset();
    row.budget_source.reset();
    row.expired_waits = 0;
    row.bytes_sent.reset();  // nobody looked at it again
    row.close_bytes_acked = 1;
    process.ended_ns = row.closed_ns;
    process.exit_status = status;
    const Finding found = find(findings(rows), "SILENT");
    EXPECT_EQ(found.confidence, status == 0 ? Confidence::low : Confidence::medium);
    EXPECT_EQ(found.severity, status == 0 ? Severity::info : Severity::warning);
    if (status == 0) continue;
    EXPECT_THAT(found.summary,
                HasSubstr("for 3.0 s after the request, then the process was ended by SIGINT."));
    process.ended_ns = *row.closed_ns + 500 * kMs;  // it tidied up
    EXPECT_EQ(find(findings(rows), "SILENT").confidence, Confidence::medium);
    process.ended_ns = *row.closed_ns + 501 * kMs;  // it was closed before
    EXPECT_EQ(find(findings(rows), "SILENT").confidence, Confidence::low);
  }
}

// A program may keep what it has given up on.
TEST(Silent, LastedAsLongAsTheWait) {
  Rows rows;
  auto& row = silent(rows, 0);
  *row.closed_ns += 30 * kS;
  EXPECT_THAT(findings(rows)[0].summary, HasSubstr("nothing came back for 2.0 s."));
}

TEST(Stalled, TheReplyBeganAndStopped) {
  Rows rows;
  stopped(rows, 0);
  const auto all = findings(rows);
  EXPECT_THAT(ids(all), ElementsAre("STALLED"));
  EXPECT_EQ(all[0].severity, Severity::warning);
  EXPECT_THAT(all[0].summary, HasSubstr("Whether more was due is not known."));
  EXPECT_EQ(all[0].confidence, Confidence::medium);
  EXPECT_THAT(
      all[0].summary,
      HasSubstr("sent 46 bytes in answer, then nothing for 2.0 s, and the program gave up"));
}

// Pieces that kept coming until the time for all was up are no stop.
TEST(Stalled, ASlowAnswerIsNotAStoppedOne) {
  struct Answer {
    std::int64_t pieces;
    store::Ns pause;
    store::Ns silence;
    bool slow;
  };
  for (const auto& [pieces, pause, silence, slow] :
       {Answer{5, kS, 1'499 * kMs, true}, Answer{5, kS, 1'500 * kMs, false},
        Answer{3, kS, 1'400 * kMs, false}, Answer{11, 200 * kMs, 299 * kMs, true},
        Answer{11, 199 * kMs, 290 * kMs, false}}) {
    Rows rows;
    auto& row = stopped(rows, 0);
    row.close_data_segs_in = pieces;
    row.close_last_receive_ms = silence / kMs;
    row.closed_ns = *row.first_receive_ns + (pieces - 1) * pause + silence;
    const Finding stalled = find(findings(rows), "STALLED");
    EXPECT_EQ(stalled.summary.find("was still answering, slowly: 46 bytes") != std::string::npos,
              slow)
        << stalled.summary;
    EXPECT_EQ(stalled.summary.find("then nothing for") == std::string::npos, slow);
  }
}

TEST(Stalled, NotAnotherRequestWithoutReply) {
  Rows rows;
  stopped(rows, 0).reply_begun = false;
  EXPECT_FALSE(has(findings(rows), "STALLED"));
}

TEST(Stalled, NotWhereTheProgramJustClosed) {
  Rows rows;
  auto& row = stopped(rows, 0);
  row.ending = "closed";
  row.reply_begun.reset();
  EXPECT_THAT(found(rows), IsEmpty());
}

TEST(Silent, NotIfAnythingIsMissingOverThere) {
  Rows rows;
  silent(rows, 0).close_unacked = 1;
  silent(rows, kS).close_bytes_acked = 412;
  silent(rows, 2 * kS).close_notsent_bytes = 1;
  EXPECT_THAT(found(rows), IsEmpty());
}

TEST(Silent, NotIfAReplyCame) {
  Rows rows;
  silent(rows, 0).bytes_received = 1;
  silent(rows, kS).close_data_segs_in = 1;
  EXPECT_FALSE(has(findings(rows), "SILENT"));
}

TEST(Silent, WithoutALastReadingItIsOnlyLikely) {
  Rows rows;
  auto& row = silent(rows, 0);
  row.bytes_sent.reset();
  row.close_bytes_acked = 1;
  EXPECT_EQ(find(findings(rows), "SILENT").confidence, Confidence::medium);
}

TEST(Silent, ClosedWithoutAWaitIsOnlyWorthKnowing) {
  for (const auto& [waited, expected] : {std::pair{999 * kMs, false}, std::pair{kS, true}}) {
    Rows rows;
    auto& row = silent(rows, 0, waited);
    row.ending = "closed";
    row.expired_waits = 0;
    ASSERT_EQ(has(findings(rows), "SILENT"), expected);
    if (!expected) continue;
    EXPECT_EQ(find(findings(rows), "SILENT").severity, Severity::info);
    EXPECT_EQ(find(findings(rows), "SILENT").confidence, Confidence::low);
  }
}

// `nc -w 1` that pushes a line, a subscriber to whom nothing came: both end as they should.
TEST(Silent, IsAWarningWhereTheProgramEndedContent) {
  const auto silence = [](std::int64_t status, store::Ns rest) {
    Rows rows;
    auto& process = rows.process("/usr/bin/nc");
    const auto& row = silent(rows, 0);
    process.ended_ns = *row.closed_ns + rest;
    process.exit_status = status;
    return find(findings(rows), "SILENT");
  };
  EXPECT_EQ(silence(0, 500 * kMs).severity, Severity::warning);
  EXPECT_THAT(silence(0, 0).summary, HasSubstr("Whether the program waited for an answer"));
  EXPECT_THAT(silence(0, 0).evidence, Contains(HasSubstr("exit status 0")));
  EXPECT_EQ(silence(0, 501 * kMs).severity, Severity::error);  // it went on to something else
  EXPECT_EQ(silence(28, 0).severity, Severity::error);
}

TEST(Silent, WhoSendsAllTheTimeWaitsForNoReply) {
  Rows rows;
  auto& row = silent(rows, 0, 60 * kS);
  row.segs_out = 62;
  EXPECT_EQ(find(findings(rows), "SILENT").severity, Severity::info);
}

TEST(Silent, ALaterRequest) {
  Rows rows;
  auto& row = silent(rows, 0);
  row.turns = 1;
  row.bytes_received = 1400;
  row.first_receive_ns = *row.first_send_ns + kMs;
  EXPECT_EQ(find(findings(rows), "SILENT").confidence, Confidence::medium);
  row.expired_waits = 2;  // ticks of a loop
  EXPECT_THAT(found(rows), IsEmpty());
  row.expired_waits = 1;
  row.tls = true;  // HTTP/2 acknowledges settings and expects nothing
  EXPECT_THAT(found(rows), IsEmpty());
}

// With what the recording tells of the newest request, several waits are no riddle any more.
TEST(Silent, ALaterRequestAwaitedInSlices) {
  Rows rows;
  auto& row = silent(rows, 0);
  row.turns = 3;
  row.bytes_received = 1400;
  row.first_receive_ns = *row.first_send_ns + kMs;
  row.expired_waits = 2;
  row.asked_ns = *row.closed_ns - 2 * kS;
  const Finding found = find(findings(rows), "SILENT");
  EXPECT_EQ(found.severity, Severity::error);
  EXPECT_THAT(found.summary,
              HasSubstr("a request on a connection that had had 3 replies before, and nothing"));
  row.answered_ns = *row.asked_ns + kMs;
  EXPECT_THAT(testing::found(rows), IsEmpty());
  row.answered_ns.reset();
  row.tls = true;  // may be HTTP/2
  EXPECT_THAT(testing::found(rows), IsEmpty());
  row.expired_waits = 1;
  EXPECT_THAT(testing::found(rows), ElementsAre("SILENT"));
  row.budget_source = "epoll";
  EXPECT_THAT(testing::found(rows), IsEmpty());
}

// The tickets of TLS 1.3 come right after the handshake, whatever becomes of the request.
TEST(Silent, BehindTls) {
  const auto rules = [](store::Ns reply, store::Ns last_bytes, std::int64_t turns = 2) {
    Rows rows;
    auto& row = silent(rows, 0);
    row.tls = true;
    row.turns = turns;
    row.rtt_us = 1000;
    row.first_receive_ns = *row.first_send_ns + kMs;
    row.bytes_received = 1847;
    row.close_data_segs_in = 3;
    row.asked_ns = *row.closed_ns - 2 * kS;
    row.reply_begun = reply >= 0;
    if (reply >= 0) row.answered_ns = *row.asked_ns + reply;
    row.close_last_receive_ms = (2 * kS - last_bytes) / kMs;
    return found(rows);
  };
  EXPECT_THAT(rules(-1, 0), ElementsAre("SILENT"));
  EXPECT_THAT(rules(-1, 0, 1), ElementsAre("SILENT"));
  EXPECT_THAT(rules(kMs, kMs), ElementsAre("SILENT"));
  EXPECT_THAT(rules(50 * kMs, 50 * kMs), ElementsAre("SILENT"));
  EXPECT_THAT(rules(51 * kMs, 51 * kMs), ElementsAre("STALLED"));
  EXPECT_THAT(rules(kMs, 51 * kMs), ElementsAre("STALLED"));
  EXPECT_THAT(rules(kMs, kMs, 3), ElementsAre("STALLED"));
}

// The goodbye went out a moment before.
TEST(Silent, BehindTlsTheGoodbyeMayBeOnItsWay) {
  const auto is_silent = [](std::int64_t missing) {
    Rows rows;
    auto& row = silent(rows, 0);
    row.tls = true;
    row.turns = 1;
    row.asked_ns = *row.closed_ns - 2 * kS;
    row.first_receive_ns = *row.first_send_ns + kMs;
    row.bytes_received = 1847;
    row.close_unacked = 1;
    row.close_backoff = 0;
    row.close_bytes_acked = 413 - missing;
    return has(findings(rows), "SILENT");
  };
  EXPECT_TRUE(is_silent(40));
  EXPECT_FALSE(is_silent(41));
}

TEST(TlsHang, AHelloAlwaysWaitsForItsAnswer) {
  Rows rows;
  silent(rows, 0).tls = true;
  EXPECT_THAT(found(rows), ElementsAre("TLSHANG"));
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::medium);
  EXPECT_THAT(findings(rows)[0].next_steps[0], HasSubstr("openssl s_client -connect 10.0.0.7:443"));
}

// Java's HttpsURLConnection leaves the socket open.
TEST(TlsHang, AWaitForThisSocketThatRanOutIsEnough) {
  Rows rows;
  auto& row = silent(rows, 0);
  row.tls = true;
  row.bytes_sent.reset();
  row.close_bytes_acked.reset();
  row.closed_ns.reset();
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::medium);
  EXPECT_EQ(findings(rows)[0].severity, Severity::error);
  EXPECT_THAT(findings(rows)[0].summary, HasSubstr("no TLS answer in 2.0 s"));
  row.budget_source = "epoll";
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::low);
}

Rows waits_for_a_greeting(store::Ns open, std::int64_t expired) {
  Rows rows;
  auto& row = silent(rows, 0);
  row.ending = "closed";
  row.first_send_ns.reset();
  row.tls.reset();
  row.bytes_sent = 0;
  row.close_bytes_acked = 1;
  row.expired_waits = expired;
  row.closed_ns = *row.noticed_ns + open;
  return rows;
}

TEST(HelloHang, Bounds) {
  EXPECT_THAT(found(waits_for_a_greeting(kS, 1)), ElementsAre("HELLOHANG"));
  EXPECT_THAT(found(waits_for_a_greeting(kS - kMs, 1)), IsEmpty());
  EXPECT_EQ(findings(waits_for_a_greeting(kS, 1))[0].severity, Severity::warning);
  // Opened and not used: nobody may have waited.
  EXPECT_EQ(findings(waits_for_a_greeting(9 * kS, 0))[0].severity, Severity::info);
}

// A send that stands still is told when it returns, and here it never did.
TEST(HelloHang, DoesNotSayThatNothingWasSentWhereTheProcessEndedFirst) {
  const auto told = [](store::Ns ended_after_close) {
    Rows rows = waits_for_a_greeting(9 * kS, 0);
    rows.process("/usr/bin/app").ended_ns = *rows.connections[0].closed_ns + ended_after_close;
    return find(findings(rows), "HELLOHANG");
  };
  EXPECT_THAT(told(1).evidence, ::testing::Contains("bytes sent: 0, bytes received: 0"));
  EXPECT_THAT(told(1).excluded, ::testing::Contains(HasSubstr("nothing was sent")));
  EXPECT_THAT(told(0).evidence,
              ::testing::Contains(HasSubstr("had returned when the process ended: 1 of 1")));
  EXPECT_THAT(told(0).excluded, IsEmpty());
}

Rows nobody_accepts(int silents, int lost, int replied = 0) {
  Rows rows;
  for (int i = 0; i < silents; ++i) {
    silent(rows, i * kMs);
    if (i == 2 && replied > 0) rows.connected(i * kMs, "10.0.0.7", 443);
  }
  for (int i = 0; i < lost; ++i) rows.syn_dropped((silents + i) * kMs, "10.0.0.7", 443);
  return rows;
}

TEST(NeverRead, FiveSilentAndSynsLost) {
  EXPECT_THAT(found(nobody_accepts(5, 1)), ElementsAre("NEVERREAD"));  // explains SILENT
  EXPECT_FALSE(has(findings(nobody_accepts(4, 1)), "NEVERREAD"));
  EXPECT_FALSE(has(findings(nobody_accepts(5, 0)), "NEVERREAD"));
  EXPECT_FALSE(has(findings(nobody_accepts(6, 1, 1)), "NEVERREAD"));
}

TEST(NeverRead, TheListenerProvesIt) {
  Rows rows = nobody_accepts(5, 0);
  rows.listener("10.0.0.7", 443).queue_max = 5;
  EXPECT_EQ(find(findings(rows), "NEVERREAD").confidence, Confidence::high);
  rows.listeners[0].accepts = 1;
  EXPECT_FALSE(has(findings(rows), "NEVERREAD"));
}

// No byte was ever confirmed, and the peer sent so many packets.
void dead_from_the_start(Rows& rows, int segments) {
  auto& row = dead(rows);
  row.first_receive_ns.reset();
  row.turns = 0;
  row.bytes_received = 0;
  row.close_bytes_acked = 1;
  row.close_data_segs_in = 0;
  row.segs_in = segments;
}

TEST(NeverRead, ItsFullQueueLooksLikeALostPath) {
  for (const auto& [segments, expected] : {std::pair{2, 1U}, std::pair{1, 2U}}) {
    Rows rows = nobody_accepts(5, 1);
    dead_from_the_start(rows, segments);
    EXPECT_EQ(found(rows).size(), expected) << segments;
    EXPECT_TRUE(has(findings(rows), "NEVERREAD"));
  }
}

TEST(PathLost, Bounds) {
  Rows rows;
  auto& row = dead(rows);
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
  row.close_backoff = 1;
  EXPECT_THAT(found(rows), IsEmpty());
  row.close_backoff = 2;
  row.close_last_ack_ms = 999;
  EXPECT_THAT(found(rows), IsEmpty());
  row.close_last_ack_ms = 1000;
  row.close_unacked = 0;
  EXPECT_THAT(found(rows), IsEmpty());
}

// A server whose accept queue is full sends its SYN-ACK again and drops what comes.
TEST(PathLost, IsNotSureWhereThePeerRepeatsItself) {
  for (const auto& [segments, expected] :
       {std::pair{1, Confidence::high}, std::pair{2, Confidence::medium}}) {
    Rows rows;
    dead_from_the_start(rows, segments);
    EXPECT_EQ(find(findings(rows), "PATHLOST").confidence, expected) << segments;
  }
}

TEST(PathLost, OrIdleDropAfterThirtySeconds) {
  Rows rows;
  dead(rows, 30 * kS - kMs);
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
  Rows idle;
  dead(idle, 30 * kS);
  EXPECT_THAT(found(idle), ElementsAre("IDLEDROP"));
  Rows never_answered;
  dead(never_answered, 30 * kS).turns = 0;
  EXPECT_THAT(found(never_answered), ElementsAre("PATHLOST"));
}

TEST(IdleDrop, NamesTheLimit) {
  Rows rows;
  dead(rows, 371 * kS);
  rows.connected(500 * kS, "10.0.0.7", 443).idle_answered_ns = 340 * kS;
  const Finding drop = find(findings(rows), "IDLEDROP");
  EXPECT_THAT(drop.summary, HasSubstr("Idle flows die between 340 s and 371 s here"));
  EXPECT_THAT(drop.evidence, ::testing::Contains(HasSubstr("350 s")));
}

TEST(IdleDrop, NotWhereTheReplyCameAndTheEndLater) {
  Rows rows;
  auto& row = dead(rows, 60 * kS);
  row.idle_answered_ns = 60 * kS;
  row.close_last_receive_ms = 4000;
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
}

TEST(MtuOut, ALaterSmallSegmentArrived) {
  Rows rows;
  auto& row = dead(rows);
  row.close_unacked = 3;
  row.close_lost = 2;
  row.close_bytes_acked = 300;
  row.close_snd_mss = 1448;
  EXPECT_THAT(found(rows), ElementsAre("MTUOUT"));
  row.close_lost = 3;
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
}

TEST(MtuOut, OnlySmallSegmentsEverArrived) {
  Rows rows;
  auto& row = dead(rows);
  row.close_unacked = 10;
  row.close_lost = 10;
  row.close_notsent_bytes = 5000;
  row.close_snd_mss = 1448;
  row.close_delivered = 3;
  row.close_bytes_acked = 1448;  // 1447 bytes in two segments
  EXPECT_THAT(found(rows), ElementsAre("MTUOUT"));
  row.close_bytes_acked = 1449;
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
}

TEST(MtuIn, SegmentsCameButNotTheFirst) {
  for (const auto& [waited, expected] : {std::pair{999 * kMs, false}, std::pair{kS, true}}) {
    Rows rows;
    silent(rows, 0, waited).close_data_segs_in = 1;
    EXPECT_EQ(has(findings(rows), "MTUIN"), expected);
    EXPECT_FALSE(has(findings(rows), "SILENT"));
  }
}

// A small first reply came through, of a later, larger one only the end.
TEST(MtuIn, AlsoOfALaterReply) {
  const auto rules = [](std::int64_t ahead, store::Ns waited) {
    Rows rows;
    auto& row = silent(rows, 0, waited);
    row.turns = 1;
    row.first_receive_ns = *row.first_send_ns + kMs;
    row.bytes_received = 120;
    row.close_data_segs_in = 2;
    row.close_out_of_order = ahead;
    row.asked_ns = *row.closed_ns - waited;
    return findings(rows);
  };
  EXPECT_THAT(ids(rules(1, kS)), ElementsAre("MTUIN"));
  EXPECT_EQ(rules(1, kS)[0].confidence, Confidence::medium);
  EXPECT_THAT(rules(1, kS)[0].evidence,
              Contains(HasSubstr("segments received ahead of a missing one: 1")));
  EXPECT_FALSE(has(rules(1, 999 * kMs), "MTUIN"));
  EXPECT_THAT(ids(rules(0, kS)), ElementsAre("SILENT"));
}

TEST(LongHang, TheKernelsLimit) {
  struct Want {
    int retries2;
    store::Ns took;
    bool expected;
  };
  // 8 resends take 511 · 0.2 s at least.
  for (const auto& [retries2, took, expected] :
       {Want{15, 600 * kS, true}, Want{15, 599 * kS, false}, Want{8, 91'980 * kMs, true},
        Want{8, 91'970 * kMs, false}}) {
    Rows rows;
    rows.settings.retries2 = retries2;
    auto& row = dead(rows);
    row.error = ETIMEDOUT;
    row.budget_source = "kernel";
    row.budget_ns = took;
    EXPECT_EQ(has(findings(rows), "LONGHANG"), expected) << took;
    EXPECT_EQ(has(findings(rows), "PATHLOST"), !expected) << took;
  }
}

TEST(LongHang, UserTimeout) {
  Rows rows;
  auto& row = dead(rows);
  row.error = ETIMEDOUT;
  row.budget_source = "TCP_USER_TIMEOUT";
  row.budget_ns = 2500 * kMs;
  EXPECT_THAT(found(rows), ElementsAre("LONGHANG"));
  // The time that was measured, not the one that was set.
  row.close_last_ack_ms = 20'000;
  row.idle_ns = 17'000 * kMs;
  row.close_last_receive_ms = 19'950;
  const Finding hang = findings(rows)[0];
  EXPECT_EQ(hang.summary,
            "The connection to 10.0.0.7:443 went dead; the kernel gave it up after 3.0 s, as "
            "TCP_USER_TIMEOUT says.");
  EXPECT_THAT(hang.evidence, Contains(HasSubstr("set to 2.5 s")));
  // It is set already.
  EXPECT_THAT(hang.next_steps, Not(Contains(HasSubstr("set TCP_USER_TIMEOUT"))));
  row.idle_ns.reset();
  EXPECT_THAT(findings(rows)[0].summary, HasSubstr("after 20.0 s"));
}

TEST(LongHang, KeepAliveDoesNotHelpWhileDataIsOnItsWay) {
  Rows rows;
  auto& row = dead(rows);
  row.error = ETIMEDOUT;
  row.budget_source = "kernel";
  row.budget_ns = 924 * kS;
  const Finding hang = find(findings(rows), "LONGHANG");
  EXPECT_THAT(hang.summary, HasSubstr("only noticed after 15.4 min"));
  EXPECT_THAT(hang.next_steps[0], HasSubstr("keep-alive does not help"));
}

// The kernel's count of doublings is no count of packets.
TEST(PathLost, CountsResendsAndNotDoublings) {
  struct Want {
    store::OptInt resends;
    std::int64_t doublings;
    std::string words;
  };
  for (const auto& [resends, doublings, words] :
       {Want{5, 4, "went dead: 5 resends unanswered"},
        Want{3, 4, "went dead: 3 resends unanswered"}, Want{1, 4, "went dead: 1 resend unanswered"},
        Want{30, 4, "went dead: at least 4 resends unanswered"},
        Want{0, 4, "went dead: last heard of 1.0 s before the end"},
        Want{std::nullopt, 4, "went dead: last heard of 1.0 s before the end"}}) {
    Rows rows;
    auto& row = dead(rows);
    row.retransmits = resends;
    row.close_backoff = doublings;
    EXPECT_THAT(find(findings(rows), "PATHLOST").summary, HasSubstr(words));
  }
}

TEST(IdleRst, FromFiveSecondsOn) {
  Rows rows;
  reset(rows, 5 * kS);
  EXPECT_THAT(found(rows), ElementsAre("IDLERST"));
  Rows sooner;
  reset(sooner, 5 * kS - kMs);
  EXPECT_THAT(found(sooner), ElementsAre("LATERESET"));
}

TEST(IdleRst, NotWhereThePauseWasAnswered) {
  Rows rows;
  auto& row = reset(rows, 9 * kS);
  row.idle_answered_ns = 9 * kS;
  row.close_last_receive_ms = 20;
  EXPECT_THAT(found(rows), ElementsAre("LATERESET"));
}

// A server that took the request and worked on it had not forgotten the connection.
TEST(IdleRst, NotWhereTheRequestWasAcknowledged) {
  Rows rows;
  auto& row = reset(rows, 9 * kS);
  row.bytes_sent = 400;
  row.close_unacked = 0;
  row.close_notsent_bytes = 0;
  row.close_bytes_acked = 400;  // with the SYN one byte short
  EXPECT_THAT(found(rows), ElementsAre("IDLERST"));
  row.close_bytes_acked = 401;
  EXPECT_THAT(found(rows), ElementsAre("LATERESET"));
  EXPECT_THAT(findings(rows)[0].evidence,
              Contains(HasSubstr("acknowledged before the reset: 1 of 1")));
}

// CLOSE before the send is not always the peer's doing.
TEST(StalePool, NotWhereThisKernelHadGivenUp) {
  Rows rows;
  auto& row = reset(rows, 6 * kS, ETIMEDOUT);
  row.ending = "response_timed_out";
  row.budget_source = "kernel";
  row.budget_ns.reset();
  row.send_tcp_state = 7;
  row.close_tcp_state = 7;
  row.bytes_sent = 200;
  row.close_bytes_acked = 201;
  row.close_unacked = 0;
  row.close_notsent_bytes = 0;
  row.close_backoff = 0;
  row.close_probes = 9;
  row.retransmits = 0;
  EXPECT_THAT(found(rows), ElementsAre("PATHLOST"));
  const Finding lost = findings(rows)[0];
  EXPECT_THAT(lost.summary, HasSubstr("gave up after 9 keep-alive probes without an answer"));
  EXPECT_THAT(lost.excluded, Not(Contains(HasSubstr("it was in use less than 30 s before"))));
  row.send_tcp_state = 8;  // here the peer had closed, and then vanished
  EXPECT_TRUE(has(findings(rows), "STALEPOOL"));
}

TEST(StalePool, StateBeforeTheSend) {
  for (const std::int64_t state : {7, 8}) {
    Rows rows;
    reset(rows, 6 * kS, EPIPE).send_tcp_state = state;
    EXPECT_THAT(found(rows), ElementsAre("STALEPOOL"));
    EXPECT_EQ(findings(rows)[0].severity, Severity::error);
  }
  Rows open;
  reset(open, 6 * kS, EPIPE).send_tcp_state = 1;
  EXPECT_THAT(found(open), ElementsAre("IDLERST"));
}

TEST(StalePool, WithoutAnErrorItIsAWarning) {
  Rows rows;
  auto& row = rows.connected(0, "10.0.0.7", 443);
  row.ending = "peer_closed";
  row.idle_ns = 2 * kS;
  row.send_tcp_state = 8;
  row.tls = false;
  EXPECT_EQ(find(findings(rows), "STALEPOOL").severity, Severity::warning);
  row.tls = true;  // the goodbye of TLS
  EXPECT_EQ(find(findings(rows), "STALEPOOL").severity, Severity::info);
}

TEST(LateReset, SaysThatTheConnectionHadRested) {
  Rows rows;
  reset(rows, kS).turns = 1;
  const Finding one = find(findings(rows), "LATERESET");
  EXPECT_THAT(one.summary, HasSubstr(", on reuse after 1.0 s idle."));
  EXPECT_THAT(one.next_steps, Contains(HasSubstr("keep-alive time-out")));
  reset(rows, 499 * kMs).turns = 1;
  EXPECT_THAT(find(findings(rows), "LATERESET").summary, Not(HasSubstr("on reuse")));
  EXPECT_THAT(find(findings(rows), "LATERESET").evidence,
              Contains(HasSubstr("on reuse after 1.0 s idle: 1 of 2")));
}

// A kept connection that the server gave up: nobody asked for anything.
TEST(LateReset, OfAConnectionAtRestIsAWarning) {
  Rows rows;
  auto& row = reset(rows, 0);
  row.asked_ns = row.first_send_ns;
  row.answered_ns = row.first_receive_ns;
  row.close_last_receive_ms = 1000;
  EXPECT_EQ(find(findings(rows), "LATERESET").severity, Severity::warning);
  EXPECT_THAT(find(findings(rows), "LATERESET").summary,
              HasSubstr("nothing had been said on it for 1.0 s and no request was open"));
  row.close_last_receive_ms = 999;
  EXPECT_EQ(find(findings(rows), "LATERESET").severity, Severity::error);
  row.close_last_receive_ms = 1000;
  row.answered_ns.reset();
  EXPECT_EQ(find(findings(rows), "LATERESET").severity, Severity::error);
}

TEST(LateReset, BytesSoFar) {
  Rows rows;
  reset(rows, 0);
  EXPECT_THAT(findings(rows)[0].summary, HasSubstr("Reset by 10.0.0.7:443 after 1,400 bytes."));
  EXPECT_EQ(findings(rows)[0].confidence, Confidence::medium);
  Rows goodbye;
  reset(goodbye, 0, EPIPE).tls = true;
  EXPECT_THAT(found(goodbye), IsEmpty());
}

}  // namespace
}  // namespace sockwatch::testing
