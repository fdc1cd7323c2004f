#include "collector/connect/waits.h"

#include <algorithm>

namespace sockwatch::connect {

void WaitTally::expire(const Expiry& expiry) {
  ++expired;
  if (expiry.end_ns >= last.end_ns) last = expiry;
}

std::optional<Budget> WaitTally::budget(store::Ns phase_start_ns) const {
  if (expired == 0) return std::nullopt;
  const store::Ns elapsed = last.end_ns - phase_start_ns;
  const bool alone = waits <= 1;
  const bool nearly_all = elapsed - last.timeout_ns <= last.timeout_ns / 8;
  const bool one_wait = expired == 1 && (alone || nearly_all);
  return Budget{one_wait ? last.timeout_ns : elapsed, last.source};
}

void WaitLog::add(const EpollWait& wait) {
  if (wait.timeout_ns != 0) ++waits_;  // else a look, no wait
  if (wait.expired()) {
    recent_[expired_ % kRemembered] = {wait.start_ns, wait.end_ns, wait.timeout_ns,
                                       "epoll",       wait.op,     wait.tid};
    ++expired_;
  }
  if (wait.result <= 0) return;
  auto slot =
      std::ranges::find_if(ready_, [&](const Ready& ready) { return ready.tid == wait.tid; });
  if (slot == ready_.end()) slot = std::ranges::min_element(ready_, {}, &Ready::ns);
  *slot = {wait.tid, wait.end_ns};
}

std::optional<store::Ns> WaitLog::last_ready(std::uint32_t tid) const {
  for (const Ready& ready : ready_) {
    if (ready.tid == tid && ready.ns > 0) return ready.ns;
  }
  return std::nullopt;
}

void WaitLogs::add(int epoll_fd, const EpollWait& wait) {
  WaitLog& of_set = log({false, epoll_fd});
  of_set.add(wait);
  if (!of_set.members_seen) log({true, wait.tid}).add(wait);
}

void WaitLogs::member_seen(int epoll_fd) { log({false, epoll_fd}).members_seen = true; }

WaitLog& WaitLogs::log(Key key) {
  if (WaitLog* const known = look_up(key)) return *known;
  make_room();
  latest_ = {key, &logs_.try_emplace(key).first->second};
  return *latest_.log;
}

// Threads come and go without a word, so their number needs a bound. Dropping the log of a live one
// makes its connections count fewer waits than there were, never more.
void WaitLogs::make_room() {
  constexpr std::size_t kLogs = 4096;
  if (logs_.size() < kLogs) return;
  logs_.erase(logs_.begin());
  latest_ = {};
}

WaitLog::Mark WaitLogs::mark(Key key) const {
  const WaitLog* log = find(key);
  return log ? log->mark() : WaitLog::Mark{};
}

WaitLog* WaitLogs::look_up(Key key) const {
  if (latest_.log != nullptr && latest_.key == key) return latest_.log;
  const auto found = logs_.find(key);
  if (found == logs_.end()) return nullptr;
  latest_ = {key, const_cast<WaitLog*>(&found->second)};
  return latest_.log;
}

void WaitLogs::forget_set(int epoll_fd) {
  logs_.erase(Key{false, epoll_fd});
  latest_ = {};
}

}  // namespace sockwatch::connect
