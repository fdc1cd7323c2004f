// What the rules about broken paths keep of their cases.
#pragma once

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/connected_picture.h"

namespace sockwatch::diagnose {

class PathRule : public CaseRule {
 public:
  // A program that closes on a timer of its own leaves no error behind.
  bool wants_healthy() const override { return true; }

 protected:
  void remember(const Attempt& attempt) override {
    Seen& seen = seen_[attempt.service];
    seen.backoff.add(attempt.row.close_backoff);
    if (const auto resends = unanswered_resends(attempt.row)) {
      seen.resends.add(resends->count);
      seen.more_resends = seen.more_resends || resends->at_least;
    }
    seen.hung.add(hung_ns(attempt.row));
    if (attempt.row.close_last_ack_ms)
      seen.last_ack.add(*attempt.row.close_last_ack_ms * 1'000'000);
    seen.budget.add(attempt.row.budget_ns);
    seen.mss.add(attempt.row.close_snd_mss);
    if (nothing_gets_out(attempt.row)) seen.tries.add(attempt.row.close_probes);
    if (keepalive_gave_up(attempt)) seen.keepalives.add(attempt.row.close_probes);
  }
  struct Seen {
    Span backoff;
    Span resends;               // of which no answer is known
    bool more_resends = false;  // there may have been more
    Span hung;                  // until the kernel gave up
    Span last_ack;
    Span budget;
    Span mss;
    Span tries;       // of those where nothing got out
    Span keepalives;  // probes of those that were found dead by them
  };
  const Seen& seen(const Cases& cases) const { return seen_.at(place(cases).service); }

 private:
  std::map<ServiceId, Seen> seen_;
};

}  // namespace sockwatch::diagnose
