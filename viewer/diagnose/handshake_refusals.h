// Refusals, and whether the program got through on another address of the name: a client that tries
// `localhost` at ::1 and then at 127.0.0.1 has no trouble. In which thread it did is not asked, as
// many runtimes go on in another; so a pool that goes round its servers looks alike, and one
// success makes good no more than one refusal of each address.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/plain_run.h"

namespace sockwatch::diagnose {

class Refusals {
 public:
  // `count` gets the earlier refusals nobody made good.
  template <typename Count>
  void refused(const Attempt& attempt, Count count) {
    auto& waiting = waiting_[attempt.service];
    settle(waiting, attempt.row.started_ns, count);
    waiting.emplace_back(attempt);
    if (waiting.size() <= kRemembered) return;
    count(waiting.front());
    waiting.erase(waiting.begin());
  }

  // `forgive` gets those that are made good by it.
  template <typename Forgive>
  void connected(const Attempt& attempt, Forgive forgive) {
    if (auto* waiting = waiting_of(attempt.service)) {
      made_good(*waiting, attempt.place, attempt.row.process_id, attempt.row.started_ns, forgive);
    }
  }
  template <typename Forgive>
  void connected(const PlainRun& run, Forgive forgive) {
    auto* waiting = waiting_of(run.service());
    if (waiting == nullptr) return;
    const store::Ns now = run.first_start_ns();
    if (std::all_of(waiting->begin(), waiting->end(),
                    [&](const Case& one) { return one.end_ns() + kNextAddress < now; })) {
      return;  // none of them can be made good any more
    }
    for (std::size_t i = 0; i < run.size() && !waiting->empty(); ++i) {
      made_good(*waiting, run.place(i), run.process_id(i), run.started_ns(i), forgive);
    }
  }

  template <typename Count>
  void settle_all(Count count) {
    for (const auto& [service, waiting] : waiting_) {
      for (const Case& one : waiting) count(one);
    }
    waiting_.clear();
  }

 private:
  using Waiting = std::vector<Case>;  // as they started
  static constexpr store::Ns kNextAddress = 1'000'000'000;
  static constexpr std::size_t kRemembered = 256;

  Waiting* waiting_of(ServiceId service) {
    const auto found = waiting_.find(service);
    return found == waiting_.end() ? nullptr : &found->second;
  }

  template <typename Forgive>
  static void made_good(Waiting& waiting, PlaceId place, std::int64_t process_id,
                        store::Ns started_ns, Forgive forgive) {
    std::vector<PlaceId> redeemed;
    std::erase_if(waiting, [&](Case& one) {
      if (one.process_id != process_id || one.place == place ||
          started_ns - one.end_ns() > kNextAddress ||
          std::find(redeemed.begin(), redeemed.end(), one.place) != redeemed.end()) {
        return false;
      }
      redeemed.push_back(one.place);
      one.made_good = place;
      forgive(one);
      return true;
    });
  }

  template <typename Count>
  static void settle(Waiting& waiting, store::Ns now, Count count) {
    std::size_t settled = 0;
    while (settled < waiting.size() && now - waiting[settled].end_ns() > kNextAddress) {
      count(waiting[settled++]);
    }
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(settled));
  }

  std::unordered_map<ServiceId, Waiting> waiting_;
};

}  // namespace sockwatch::diagnose
