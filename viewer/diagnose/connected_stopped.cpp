// A reply that began, and stopped.
#include <fmt/format.h>

#include <map>
#include <memory>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/connected.h"
#include "viewer/diagnose/connected_picture.h"
#include "viewer/diagnose/connected_silence.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

// The mean pause between the segments of an answer that came to the end, piece by piece. Empty
// where they came faster, or had stopped.
store::OptInt slow_pieces_ns(const store::ConnectionRow& row) {
  constexpr std::int64_t kPieces = 4;
  constexpr store::Ns kPause = 200 * kMs;
  const std::int64_t pieces = row.close_data_segs_in.value_or(0);
  if (pieces < kPieces || !row.first_receive_ns || !row.closed_ns || !row.close_last_receive_ms) {
    return std::nullopt;
  }
  const store::Ns silence = *row.close_last_receive_ms * kMs;
  const store::Ns pause = (*row.closed_ns - silence - *row.first_receive_ns) / (pieces - 1);
  return pause >= kPause && silence < pause + pause / 2 ? store::OptInt(pause) : std::nullopt;
}

class Stalled : public CaseRule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "STALLED",
        .family = Family::connected,
        .title = "bytes came, then no more of them",
        .signature =
            "connected, something was sent, bytes came back, then nothing for a second or more "
            "while "
            "the program waited for this very connection (poll, select, SO_RCVTIMEO), until its "
            "time "
            "ran out and it closed right after; no tick of a loop, no goodbye. Where pieces had "
            "come "
            "every 200 ms or more and the silence was less than half as long again, the answer was "
            "slow and had not stopped. Not where TLS had just come up and all came at once "
            "(SILENT). "
            "A warning",
        .meaning =
            "The server answered, or began to, and then sent nothing for so long that the program "
            "gave up. Its application may have got stuck half-way, a proxy in between may wait for "
            "its own server, or packets of the answer get lost.",
        .not_this =
            "No connect time-out and no unanswered request: bytes came. What they say is not read, "
            "so a program that waits for more than there is, on a connection the server keeps "
            "open, "
            "looks alike: see whether it reported an error. Programs that wait by epoll are not "
            "judged: a pool that closes what has rested for its limit does the same.",
        .next = {"log of the server for that request: did it finish its answer?",
                 "curl -v URL   (does the answer stop at the same place?)"}};
    return kEntry;
  }

 protected:
  std::optional<Confidence> grade(const Attempt& attempt) const override {
    if (!attempt.is(model::Outcome::connected) || !reply_stopped(attempt) ||
        silence_behind_tls(attempt)) {
      return std::nullopt;
    }
    return Confidence::medium;
  }
  // It may have been the whole answer.
  Severity severity(const Cases&) const override { return Severity::warning; }

  void remember(const Attempt& attempt) override {
    Said& said = said_[attempt.service];
    said.received.add(attempt.row.bytes_received);
    said.waited.add(attempt.row.budget_ns);
    said.tcp += attempt.tcp ? 1 : 0;
    if (const store::OptInt pause = slow_pieces_ns(attempt.row)) said.pauses.add(*pause);
  }

  void tell(const Cases& cases, Finding& finding) const override {
    const Said& said = said_.at(place(cases).service);
    const std::string what =
        said.received.known > 0 ? numbers(said.received) + " bytes" : std::string("some bytes");
    finding.summary = fmt::format(
        "{} sent {} in answer, then nothing for {}, and the program gave up waiting for more. "
        "Whether "
        "more was due is not known.",
        with_address(context().places, cases.first_place()), what, times(said.waited));
    const std::int64_t slow = said.pauses.known;
    if (slow == finding.count) {
      finding.summary = fmt::format(
          "{} was still answering, slowly: {}, a piece every {} or so, when the program's time was "
          "up. Whether more was due is not known.",
          with_address(context().places, cases.first_place()), what, times(said.pauses));
    }
    finding.evidence = {
        observed(finding, slow == finding.count ? "connections given up amid an answer"
                                                : "connections on which nothing more came"),
        "whether that was all of the answer is not known: what is said is not read",
        "the program's wait for more: " + times(said.waited)};
    if (slow > 0) {
      finding.evidence.push_back(fmt::format(
          "the last silence was no longer than the pauses before: {}", share(slow, finding.count)));
    }
    finding.excluded = {"not a connect time-out: the handshake was over",
                        "not an unanswered request: bytes came back"};
    finding.next_steps = {fmt::format(
        "log of the server at {} for that time: did it finish its answer?", place(cases).endpoint)};
    if (said.tcp > 0) {
      finding.next_steps.push_back("curl -v " + url_of(place(cases).endpoint) +
                                   "   (does the answer stop at the same place?)");
    }
  }

 private:
  struct Said {
    Span received;
    Span waited;
    Span pauses;  // between pieces, where they went on to the end
    std::int64_t tcp = 0;
  };
  std::map<ServiceId, Said> said_;
};

}  // namespace

void add_stopped_rules(Rules& rules) { rules.push_back(std::make_unique<Stalled>()); }

}  // namespace sockwatch::diagnose
