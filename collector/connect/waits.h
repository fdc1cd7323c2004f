// Waiting: what a program gave its connections in time, and how often it ran out.
//
// poll and select name their descriptors, so each connection counts its own waits. An epoll_wait
// names none: it belongs to every socket of its set. It is written once into the log of the set
// (and of the calling thread, for sockets whose membership was never seen, unless that of others
// was), and a connection reads
// the log when something happens to it. A wait costs the same with one connection or 10,000.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "collector/store/rows.h"
#include "collector/support/fields.h"
#include "shim/wire/event.h"

namespace sockwatch::connect {

// A wait that ran its full time.
struct Expiry {
  store::Ns start_ns = 0;
  store::Ns end_ns = 0;
  store::Ns timeout_ns = 0;
  const char* source = "";  // word of column budget_source
  wire::Op op = wire::Op::none;
  std::uint32_t tid = 0;
  auto fields() { return fields_are(start_ns, end_ns, timeout_ns, source, op, tid); }
};

struct Budget {
  store::Ns ns = 0;
  const char* source = "";
  auto fields() { return fields_are(ns, source); }
};

// Waits of one connection during one phase: connecting, or one request without its reply.
struct WaitTally {
  std::int64_t waits = 0;
  std::int64_t expired = 0;
  Expiry last{};
  auto fields() { return fields_are(waits, expired, last); }

  void expire(const Expiry& expiry);  // `waits` is counted apart
  // Empty unless a wait expired. One wait that ran out is the time the caller gave. Programs that
  // wait in slices (curl: 200 ms, then 1 s each) gave the sum: from the phase's start to the end
  // of the last slice. So did one that was woken early and went on with the rest of its time.
  std::optional<Budget> budget(store::Ns phase_start_ns) const;
};

// One call of the epoll_wait family.
struct EpollWait {
  wire::Op op = wire::Op::none;
  std::uint32_t tid = 0;
  store::Ns start_ns = 0;
  store::Ns end_ns = 0;
  store::Ns timeout_ns = -1;
  std::int64_t result = 0;

  bool expired() const { return result == 0 && timeout_ns > 0; }
};

class WaitLog {
 public:
  struct Mark {
    std::uint64_t waits = 0;
    std::uint64_t expired = 0;
    auto fields() { return fields_are(waits, expired); }
  };

  void add(const EpollWait& wait);
  Mark mark() const { return {waits_, expired_}; }

  // What happened after `mark`: calls `each(const Expiry&)` for the expired waits still remembered,
  // and counts the rest. A wait most of which lay before the phase was not meant for it; one that
  // began a moment before was: a selector thread is often waiting already when another thread
  // sends.
  struct Unread {
    std::int64_t waits = 0;
    std::int64_t expired_forgotten = 0;
  };
  template <typename Each>
  Unread since(Mark mark, store::Ns phase_start_ns, Each&& each) const {
    if (mark.waits > waits_) mark = {};  // this log was begun after the mark
    const std::uint64_t expired = expired_ - mark.expired;
    const std::uint64_t forgotten = expired > kRemembered ? expired - kRemembered : 0;
    for (std::uint64_t i = mark.expired + forgotten; i < expired_; ++i) {
      const Expiry& expiry = recent_[i % kRemembered];
      const store::Ns within_ns = expiry.end_ns - std::max(expiry.start_ns, phase_start_ns);
      if (within_ns * 10 >= (expiry.end_ns - expiry.start_ns) * 9) each(expiry);
    }
    return {static_cast<std::int64_t>(waits_ - mark.waits), static_cast<std::int64_t>(forgotten)};
  }

  // When a wait of this thread last returned with something ready.
  std::optional<store::Ns> last_ready(std::uint32_t tid) const;

  // Of a set: its members are put in where we see it, so a socket never put in is not among them.
  bool members_seen = false;

  auto fields() { return fields_are(members_seen, waits_, expired_, recent_, ready_); }

 private:
  static constexpr std::uint64_t kRemembered = 32;
  static constexpr std::size_t kThreads = 4;  // that wait on one set at a time; older ones drop out
  struct Ready {
    std::uint32_t tid = 0;
    store::Ns ns = 0;
    auto fields() { return fields_are(tid, ns); }
  };
  std::uint64_t waits_ = 0;
  std::uint64_t expired_ = 0;
  std::array<Expiry, kRemembered> recent_{};
  std::array<Ready, kThreads> ready_{};
};

// All logs of a process. A log is found by its set's descriptor, or by thread.
class WaitLogs {
 public:
  struct Key {
    bool by_thread = false;
    std::int64_t id = 0;  // epoll descriptor or tid
    bool operator==(const Key&) const = default;
    auto fields() { return fields_are(by_thread, id); }
  };

  void add(int epoll_fd, const EpollWait& wait);
  void member_seen(int epoll_fd);
  WaitLog::Mark mark(Key key) const;
  const WaitLog* find(Key key) const { return look_up(key); }
  void forget_set(int epoll_fd);  // the number means something else now

  auto fields() { return fields_are(logs_, Skipped<Latest>()); }

 private:
  struct Latest {  // the log found last: events come in runs on one set
    Key key;
    WaitLog* log = nullptr;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return static_cast<std::size_t>(key.id) * 2 + (key.by_thread ? 1 : 0);
    }
  };
  WaitLog* look_up(Key key) const;
  WaitLog& log(Key key);
  void make_room();
  std::unordered_map<Key, WaitLog, Hash> logs_;
  mutable Latest latest_;
};

}  // namespace sockwatch::connect
