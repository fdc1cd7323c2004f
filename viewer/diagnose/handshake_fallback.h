// Attempts that got nowhere, after which the program got through on the next address of the name.
//
// A client that walks through the addresses of a name (Node.js gives each 250 ms, wget its
// time-out) has not failed where a later one answers: what it asked for, it got. That an address
// is dead is still worth knowing.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "viewer/diagnose/cases.h"

namespace sockwatch::diagnose {

class Fallbacks {
 public:
  // Every TCP attempt, as they started. `done(case, confidence)` gets those that are decided by it.
  template <typename Done>
  void see(const Attempt& attempt, Done done) {
    if (waiting_.empty()) return;
    const Case next(attempt);
    std::vector<PlaceId> redeemed;  // one success makes good one attempt on each address
    std::erase_if(waiting_, [&](Waiting& before) {
      if (before.until_ns + kNextAddress < next.started_ns) {
        done(before.one, before.confidence);
        return true;
      }
      if (!same_service(before.one, next)) return false;
      if (next.started_ns <= before.one.end_ns()) {
        before.newest_lookup = std::max(before.newest_lookup, next.lookup.value_or(0));
      }
      if (!follows(before, next)) return false;
      if (!attempt.is(model::Outcome::connected)) {
        before.until_ns = std::max(before.until_ns, next.end_ns());
        return false;
      }
      if (std::find(redeemed.begin(), redeemed.end(), before.one.place) != redeemed.end()) {
        return false;
      }
      redeemed.push_back(before.one.place);
      before.one.made_good = next.place;
      done(before.one, before.confidence);
      return true;
    });
  }

  // One that got nowhere; after see().
  template <typename Done>
  void add(const Case& one, Confidence confidence, Done done) {
    if (!one.lookup) {  // no name, no other address
      done(one, confidence);
      return;
    }
    waiting_.push_back({one, confidence, one.end_ns(), *one.lookup});
    if (waiting_.size() <= kRemembered) return;
    done(waiting_.front().one, waiting_.front().confidence);
    waiting_.pop_front();
  }

  template <typename Done>
  void finish(Done done) {
    for (const Waiting& before : waiting_) done(before.one, before.confidence);
    waiting_.clear();
  }

 private:
  static constexpr store::Ns kNextAddress = 1'000'000'000;
  static constexpr store::Ns kTogether = 20'000'000;
  static constexpr std::size_t kRemembered = 256;

  struct Waiting {
    Case one;
    Confidence confidence;
    store::Ns until_ns;  // the end of it, or of the newest attempt on the addresses after it
    std::int64_t newest_lookup;  // that was used before it ended
  };

  static bool same_service(const Case& one, const Case& next) {
    return one.service == next.service && one.process_id == next.process_id;
  }
  // The same call of the program goes on: on the same thread, and without another lookup. Another
  // call may well get through where this one has failed.
  static bool follows(const Waiting& before, const Case& next) {
    return before.one.tid == next.tid && before.one.place != next.place && next.lookup &&
           *next.lookup <= before.newest_lookup && next.started_ns >= before.until_ns - kTogether;
  }

  std::deque<Waiting> waiting_;  // as they started
};

// A rule about attempts that get no connection: those made good by another address are told for
// information.
class AddressRule : public CaseRule {
 public:
  bool wants_healthy() const override { return true; }  // the other address
  void see(const Attempt& attempt) override;
  void conclude(std::vector<Finding>& findings) override;

 protected:
  void watch(const Attempt& attempt);  // of attempts that are no business of see()
  Severity severity(const Cases& cases) const override;
  void amend(const Cases& cases, Finding& finding) const override;

 private:
  Fallbacks fallbacks_;
};

// Severity and words of a finding whose attempts other addresses made good, all or some of them.
Severity severity_of(const Cases& cases);
void tell_made_good(const Cases& cases, const Places& places, Finding& finding);

}  // namespace sockwatch::diagnose
