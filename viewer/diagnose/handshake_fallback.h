// Attempts that got nowhere, after which the program got through on the next address of the name.
//
// A client that walks through the addresses of a name (Node.js gives each 250 ms, wget its
// time-out) has not failed where a later one answers: what it asked for, it got. That an address
// is dead is still worth knowing.
//
// It has failed where the later one connects and then does not answer either. And where the
// addresses were looked up for a call before, as by a client that goes round the servers of a pool,
// the later one may have been for another request: only the call that looked them up is sure.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/plain_run.h"

namespace sockwatch::diagnose {

class Fallbacks {
 public:
  // Every TCP attempt, as they started. `done(case, confidence)` gets those that are decided by it.
  template <typename Done>
  void see(const Attempt& attempt, Done done) {
    const auto found = waiting_.find(attempt.service);
    if (found == waiting_.end() || found->second.empty()) return;
    const Case next(attempt);
    std::vector<PlaceId> redeemed;  // one success makes good one attempt on each address
    std::erase_if(found->second, [&](Waiting& before) {
      if (is_over(before, next.started_ns)) {
        done(before.one, before.confidence);
        return true;
      }
      if (before.one.process_id != next.process_id) return false;
      if (next.started_ns <= before.one.end_ns()) {
        before.newest_lookup = std::max(before.newest_lookup, next.lookup.value_or(0));
      }
      if (!follows(before, next)) return false;
      if (!got_through(attempt)) {
        before.until_ns = std::max(before.until_ns, next.end_ns());
        return false;
      }
      if (std::find(redeemed.begin(), redeemed.end(), before.one.place) != redeemed.end()) {
        return false;
      }
      redeemed.push_back(before.one.place);
      if (before.looked_up) {
        before.one.made_good = next.place;
        note_over(*before.one.lookup);
      } else {
        before.one.perhaps_made_good = true;
      }
      done(before.one, before.confidence);
      return true;
    });
  }

  // The same of each of a run. Most are of other processes, and change nothing.
  template <typename Done>
  void see_plain(const PlainRun& run, Done done) {
    const std::vector<Waiting>* waiting = waiting_of(run.service());
    if (waiting == nullptr) return;
    for (std::size_t i = 0; i < run.size() && !waiting->empty(); ++i) {
      if (concerns(*waiting, run, i)) see(run.attempt(i), done);
    }
  }
  // false: see() of it would do nothing.
  bool concerns(const PlainRun& run, std::size_t at) const {
    const std::vector<Waiting>* waiting = waiting_of(run.service());
    return waiting != nullptr && concerns(*waiting, run, at);
  }

  // One that got nowhere; after see().
  template <typename Done>
  void add(const Case& one, Confidence confidence, Done done) {
    if (!one.lookup) {  // no name, no other address
      done(one, confidence);
      return;
    }
    auto& waiting = waiting_[one.service];
    waiting.push_back({one, confidence, one.end_ns(), *one.lookup, looked_up(waiting, one)});
    if (waiting.size() <= kRemembered) return;
    done(waiting.front().one, waiting.front().confidence);
    waiting.erase(waiting.begin());
  }

  template <typename Done>
  void finish(Done done) {
    for (const auto& [service, waiting] : waiting_) {
      for (const Waiting& before : waiting) done(before.one, before.confidence);
    }
    waiting_.clear();
  }

 private:
  static constexpr store::Ns kAtOnce = 100'000'000;
  static constexpr store::Ns kTogether = 20'000'000;
  static constexpr std::size_t kRemembered = 256;

  struct Waiting {
    Case one;
    Confidence confidence;
    store::Ns until_ns;  // the end of it, or of the newest attempt on the addresses after it
    std::int64_t newest_lookup;  // that was used before it ended
    bool looked_up;              // its call made that lookup
  };

  const std::vector<Waiting>* waiting_of(ServiceId service) const {
    const auto found = waiting_.find(service);
    return found == waiting_.end() ? nullptr : &found->second;
  }
  static bool concerns(const std::vector<Waiting>& waiting, const PlainRun& run, std::size_t at) {
    return std::any_of(waiting.begin(), waiting.end(), [&](const Waiting& before) {
      return before.one.process_id == run.process_id(at) || is_over(before, run.started_ns(at));
    });
  }

  static bool is_over(const Waiting& before, store::Ns now) {
    return before.until_ns + kAtOnce < now;
  }
  // The same call of the program goes on: on the same thread, and without another lookup. Another
  // call may well get through where this one has failed.
  static bool follows(const Waiting& before, const Case& next) {
    return before.one.tid == next.tid && before.one.place != next.place && next.lookup &&
           *next.lookup <= before.newest_lookup && next.started_ns >= before.until_ns - kTogether;
  }

  static bool got_through(const Attempt& attempt) {
    const bool asked = attempt.row.first_send_ns.has_value();
    return attempt.is(model::Outcome::connected) && !attempt.failed &&
           (!asked || attempt.row.first_receive_ns);
  }

  // Right after the lookup, or after another attempt that was; and no call has come to its end with
  // these addresses yet.
  bool looked_up(const std::vector<Waiting>& waiting, const Case& one) const {
    if (std::find(over_.begin(), over_.end(), *one.lookup) != over_.end()) return false;
    return (one.lookup_age_ns && *one.lookup_age_ns <= kAtOnce) ||
           std::any_of(waiting.begin(), waiting.end(), [&](const Waiting& before) {
             // See() has told those in `waiting` of this attempt already.
             const Waiting then{before.one, {}, before.one.end_ns(), before.newest_lookup, true};
             return before.looked_up && follows(then, one) &&
                    one.started_ns <= then.until_ns + kAtOnce;
           });
  }
  void note_over(std::int64_t lookup) {
    if (over_.size() == kRemembered) over_.erase(over_.begin());
    over_.push_back(lookup);
  }

  std::unordered_map<ServiceId, std::vector<Waiting>> waiting_;  // as they started
  std::vector<std::int64_t> over_;                               // lookups whose call got through
};

// A rule about attempts that get no connection: those made good by another address are told for
// information.
class AddressRule : public CaseRule {
 public:
  bool wants_healthy() const override { return true; }  // the other address
  void see(const Attempt& attempt) override;
  void see_plain(const PlainRun& run) override;
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
