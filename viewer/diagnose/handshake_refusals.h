// Refusals, and whether the program got through on another address of the name: a client that tries
// `localhost` at ::1 and then at 127.0.0.1 has no trouble.
#pragma once

#include <deque>

#include "viewer/diagnose/cases.h"

namespace sockwatch::diagnose {

class Refusals {
 public:
  bool empty() const { return waiting_.empty(); }

  // `count` gets the earlier refusals nobody made good.
  template <typename Count>
  void refused(const Attempt& attempt, Count count) {
    settle(attempt.row.started_ns, count);
    waiting_.emplace_back(attempt);
    if (waiting_.size() <= kRemembered) return;
    count(waiting_.front());
    waiting_.pop_front();
  }

  void connected(const Attempt& attempt) {
    if (waiting_.empty()) return;
    std::erase_if(waiting_, [&](const Case& one) {
      return one.service == attempt.service && one.process_id == attempt.row.process_id &&
             one.place != attempt.place && attempt.row.started_ns - one.end_ns() <= kNextAddress;
    });
  }

  template <typename Count>
  void settle_all(Count count) {
    for (const Case& one : waiting_) count(one);
    waiting_.clear();
  }

 private:
  static constexpr store::Ns kNextAddress = 1'000'000'000;
  static constexpr std::size_t kRemembered = 256;

  template <typename Count>
  void settle(store::Ns now, Count count) {
    while (!waiting_.empty() && now - waiting_.front().end_ns() > kNextAddress) {
      count(waiting_.front());
      waiting_.pop_front();
    }
  }

  std::deque<Case> waiting_;  // as they started
};

}  // namespace sockwatch::diagnose
