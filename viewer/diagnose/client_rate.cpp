// Too many connections: retries without a pause, and one connection for each request.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <functional>
#include <limits>

#include "viewer/diagnose/bounded.h"
#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/client.h"
#include "viewer/diagnose/phrase.h"
#include "viewer/diagnose/plain_run.h"
#include "viewer/diagnose/units.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

// A program and the place it connects to.
std::uint64_t key_of(ProgramId program, PlaceId place) {
  return (static_cast<std::uint64_t>(program) << 32) | place;
}

// Retries in a row: their number, and the pauses between them in classes of 5 % for the median.
class Run {
 public:
  void add(store::Ns gap) {
    ++gaps_;
    const auto ms = static_cast<double>(std::max<store::Ns>(gap, 0)) / 1e6;
    const double place = ms <= 0.1 ? 0 : std::log(ms / 0.1) / kStep;
    ++classes_[std::min(static_cast<std::size_t>(place), classes_.size() - 1)];
    sum_ += ms;
    squares_ += ms * ms;
  }
  std::int64_t gaps() const { return gaps_; }
  // To 5 %, rounded up, so that what is called faster than a bound is.
  store::Ns median() const {
    std::int64_t below = 0;
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      below += classes_[i];
      if (below * 2 >= gaps_) {
        return static_cast<store::Ns>(0.1 * std::exp(kStep * static_cast<double>(i + 1)) * 1e6);
      }
    }
    return 0;
  }
  store::Ns mean() const { return static_cast<store::Ns>(sum_ / static_cast<double>(gaps_) * 1e6); }
  // Standard deviation over mean.
  double variation() const {
    const auto n = static_cast<double>(gaps_);
    const double average = sum_ / n;
    if (average <= 0) return 0;
    return std::sqrt(std::max(0.0, squares_ / n - average * average)) / average;
  }

 private:
  static constexpr double kStep = 0.05;

  std::int64_t gaps_ = 0;
  std::array<std::int32_t, 280> classes_{};  // to 100 s
  double sum_ = 0;
  double squares_ = 0;
};

class Storm : public Rule {
 public:
  static constexpr std::int64_t kMany = 20;
  static constexpr store::Ns kFast = 200'000'000;
  static constexpr std::int64_t kRegular = 10;
  static constexpr double kNoJitter = 0.05;
  // Who waits a second or longer each time does no harm: that is how health checks go about.
  static constexpr store::Ns kPatient = 1'000'000'000;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "STORM",
        .family = Family::client,
        .title = "retries without backoff",
        .signature =
            "One program failed at one address and port at least 20 times in a row with "
            "a median pause below 200 ms, or at least 10 times with pauses below 1 s that "
            "vary by less than 5 %. A retry is an attempt that began after an earlier "
            "one had failed, of the same thread or of another process.",
        .meaning =
            "The program cannot connect, and tries again at once, and again. That helps "
            "nobody: a server that is down stays down, and one that is overloaded gets "
            "even more to do just when it tries to recover.",
        .not_this =
            "Not the reason why the first attempt failed: that is another diagnosis. Many "
            "connections at the same time are no retries, and a health check that "
            "waits a second between its tries is no storm.",
        .next = {"exponential backoff with jitter",
                 "reset the backoff only after a connection has lived for a while"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    // A program that gets no socket retries nowhere.
    if (!attempt.row.peer_address) return;
    // What is healthy ends a run; nothing else needs it, and most places never fail.
    Pair* pair = pair_of(attempt.program, attempt.place);
    if (pair == nullptr && attempt.failed) pair = add_pair(attempt.program, attempt.place);
    if (pair == nullptr) return;
    const auto& row = attempt.row;
    ++pair->attempts;
    if (!attempt.failed) {
      if (attempt.is(Outcome::connected)) end(*pair);
      return;
    }
    if (take_failure_before(*pair, row)) {
      pair->run.add(row.started_ns - pair->last_start);
      if (!pair->first) pair->first = pair->last_start;
      pair->last = row.started_ns;
      pair->sightings.add(row);
    }
    pair->last_start = row.started_ns;
    const store::OptInt ended = row.decided_ns ? row.decided_ns : row.closed_ns;
    if (ended && pair->failures.size() < kTogether) {
      pair->failures.push_back({*ended, row.process_id, row.tid});
    }
  }
  void see_plain(const PlainRun& run) override {
    for (std::size_t i = 0; i < run.size(); ++i) {
      Pair* pair = pair_of(run.program(i), run.place());
      if (pair == nullptr) continue;
      ++pair->attempts;
      end(*pair);
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (auto& [key, pair] : pairs_) {
      end(pair);
      if (!pair.worst) continue;
      const auto place = static_cast<PlaceId>(key & 0xffffffff);
      const auto program = context().programs.name(static_cast<ProgramId>(key >> 32));
      const Worst& worst = *pair.worst;
      auto result = finding(Severity::warning, Confidence::high, context().places[place].endpoint);
      worst.sightings.fill(result, pair.attempts);
      result.summary = fmt::format(
          "{} retried {} times in {} ({} apart, no backoff); {} of the attempts on {} are retries.",
          program, number(result.count), time_span(worst.lasted), time_span(worst.run.mean()),
          share(result.count, pair.attempts), result.subject);
      result.evidence.push_back(fmt::format(
          "{} in a row, each after an earlier failure; median pause {}, variation {:.0f} %",
          counted(result.count, "retry", "retries"), time_span(worst.run.median()),
          worst.run.variation() * 100));
      result.excluded.push_back(
          "Attempts made at the same time: only those that began after a failure are counted.");
      result.next_steps = {"exponential backoff with jitter",
                           "reset the backoff only after a connection has lived for a while"};
      findings.push_back(std::move(result));
    }
  }

 private:
  static constexpr std::size_t kTogether = 256;  // attempts of one program at once

  struct Worst {
    Run run;
    Sightings sightings;
    store::Ns lasted = 0;
  };
  struct Failure {
    store::Ns ended;
    std::int64_t process;
    std::int64_t tid;
  };
  struct Pair {
    std::int64_t attempts = 0;
    std::vector<Failure> failures;  // no retry has followed them yet
    store::Ns last_start = 0;
    store::OptInt first;
    store::Ns last = 0;
    Run run;
    Sightings sightings;
    std::optional<Worst> worst;
  };

  // Another thread of the same process knows nothing of that failure: threads that try once each,
  // one shortly after the other, retry nothing.
  static bool take_failure_before(Pair& pair, const store::ConnectionRow& row) {
    for (auto it = pair.failures.begin(); it != pair.failures.end(); ++it) {
      if (it->ended > row.started_ns) continue;
      if (it->process == row.process_id && it->tid != row.tid) continue;
      pair.failures.erase(it);
      return true;
    }
    return false;
  }

  static bool is_storm(const Run& run) {
    if (run.gaps() >= kMany && run.median() < kFast) return true;
    return run.gaps() >= kRegular && run.variation() < kNoJitter && run.mean() < kPatient;
  }

  static void end(Pair& pair) {
    if (pair.run.gaps() == 0) {  // mostly: a connection that works, after others that did
      pair.failures.clear();
      return;
    }
    const bool worse = !pair.worst || pair.run.gaps() > pair.worst->run.gaps();
    if (is_storm(pair.run) && worse) {
      pair.worst = Worst{pair.run, pair.sightings, pair.last - pair.first.value_or(pair.last)};
    }
    pair.run = {};
    pair.sightings = {};
    pair.first.reset();
    pair.failures.clear();
  }

  Pair* pair_of(ProgramId program, PlaceId place) {
    if (by_place_.size() <= place) return nullptr;
    if (by_place_[place].size() > kFew) return pairs_.find(key_of(program, place));
    for (const auto& [of, pair] : by_place_[place]) {
      if (of == program) return pair;
    }
    return nullptr;
  }
  Pair* add_pair(ProgramId program, PlaceId place) {
    Pair* pair = pairs_.slot(key_of(program, place));
    if (pair == nullptr) return nullptr;
    if (by_place_.size() <= place) by_place_.resize(place + 1);
    by_place_[place].emplace_back(program, pair);
    return pair;
  }

  Bounded<std::uint64_t, Pair> pairs_;
  // To most places few programs go.
  static constexpr std::size_t kFew = 16;
  std::vector<std::vector<std::pair<ProgramId, Pair*>>> by_place_;
};

class Churn : public Rule {
 public:
  static constexpr std::int64_t kPerSecond = 20;
  static constexpr std::int64_t kEnough = 50;

  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "CHURN",
        .family = Family::client,
        .title = "a new connection for each request",
        .signature =
            "More than 20 connections began within one second to one address and port, "
            "50 or more in all, at least 90 % of those carried one request or none, and no more "
            "than half of them were open at the same time. "
            "A warning only where this side closed so many of them first that within 60 s they "
            "kept 80 % of the source ports (not where tcp_tw_reuse frees them after a second), and "
            "not more came up in that time than there are ports, or a port was refused "
            "(EADDRNOTAVAIL).",
        .meaning =
            "The program opens a connection, sends one request, and closes it again. Each "
            "connection costs a round trip before the first byte and, where this side closes "
            "first, occupies a source port for another minute. At a high rate the ports run out.",
        .not_this =
            "Not a fault of the network or the server. A load generator does this by "
            "intention.",
        .next = {"use keep-alive or a connection pool", "ss -tan state time-wait | wc -l"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    const bool no_port = attempt.is(Outcome::local_error) && row.error == EADDRNOTAVAIL;
    if (!attempt.tcp || !(attempt.is(Outcome::connected) || no_port)) return;
    if (attempt.place >= places_.size()) places_.resize(attempt.place + 1);
    PerPlace& place = places_[attempt.place];
    if (no_port) {
      place.no_port = true;
      return;
    }
    ++place.connected;
    if (row.turns <= 1) {
      ++place.single;
      place.keep(row.id);
    }
    if (place.connected == 1) place.first = row.started_ns;
    place.last = row.started_ns;
    place.second.count_at(row.started_ns, kSecond);
    place.minute.count_at(row.started_ns, 60 * kSecond);
    place.open.add(row.started_ns, row.closed_ns.value_or(std::numeric_limits<store::Ns>::max()));
    if (attempt.is(model::Ending::closed)) place.close(row.started_ns);
  }
  void see_plain(const PlainRun& run) override {
    if (run.place() >= places_.size()) places_.resize(run.place() + 1);
    PerPlace& place = places_[run.place()];
    if (place.connected == 0) place.first = run.first_start_ns();
    place.connected += static_cast<std::int64_t>(run.size());
    for (std::size_t i = 0; i < run.size(); ++i) {
      const store::Ns started = run.started_ns(i);
      if (run.turns(i) <= 1) {
        ++place.single;
        if (place.examples.size() < Finding::kExamples) place.keep(run.id(i));
      }
      if (run.ending(i) == model::Ending::closed) place.close(started);
      place.second.count_at(started, kSecond);
      place.minute.count_at(started, 60 * kSecond);
      place.open.add(started, run.closed_ns(i));
    }
    place.last = run.last_start_ns();
  }

  void conclude(std::vector<Finding>& findings) override {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const PerPlace& place = places_[i];
      if (place.single < kEnough || place.second.most <= kPerSecond) continue;
      if (place.single * 10 < place.connected * 9) continue;
      if (place.open.most() * 2 > place.connected) continue;  // a pool being filled, or a leak
      const std::int64_t ports = settings().port_count();
      const bool reused = is_reused(context().places[static_cast<PlaceId>(i)]);
      // More connections than ports prove it, too.
      const bool stay_taken = place.no_port || (place.minute.most <= ports && !reused);
      const bool near_the_end = stay_taken && place.closed_minute.most * 10 >= ports * 8;
      auto result = finding(near_the_end ? Severity::warning : Severity::info, Confidence::high,
                            context().places[static_cast<PlaceId>(i)].endpoint);
      result.count = place.single;
      result.of = place.connected;
      result.first_ns = place.first;
      result.last_ns = place.last;
      result.connections = place.examples;
      std::sort(result.connections.begin(), result.connections.end());
      result.connections_total = place.single;
      result.summary = fmt::format("{} connections/s with one request each{}.",
                                   number(place.second.most), what_of_ports(place, ports, reused));
      result.evidence.push_back(fmt::format("{} connections carried one request or none",
                                            share(place.single, place.connected)));
      result.evidence.push_back(
          fmt::format("at most {} within a second and {} within a minute; "
                      "there are {} source ports",
                      number(place.second.most), number(place.minute.most), number(ports)));
      result.evidence.push_back(
          fmt::format("open at the same time: at most {}", number(place.open.most())));
      result.evidence.push_back("closed by this side first, which keeps the port for a minute: " +
                                share(place.closed, place.connected));
      result.excluded.push_back("A fault of the server: these connections worked.");
      result.next_steps = {"use keep-alive or a connection pool",
                           fmt::format("ss -tan state time-wait dst {} | wc -l",
                                       host_of(context().places[static_cast<PlaceId>(i)]))};
      findings.push_back(std::move(result));
    }
  }

 private:
  // Moments come in order. Those before 0, which no recording has, are each by themselves.
  struct Window {
    void count_at(store::Ns at, store::Ns length) {
      if (at >= end || at < begin) enter(at, length);
      most = std::max(most, ++count);
    }
    void enter(store::Ns at, store::Ns length) {
      count = 0;
      begin = at - at % length;
      if (__builtin_add_overflow(begin, length, &end)) end = std::numeric_limits<store::Ns>::max();
    }

    store::Ns begin = 0;
    store::Ns end = 0;  // behind it; 0: none was entered yet
    std::int64_t count = 0;
    std::int64_t most = 0;
  };
  // How many are open at the same time.
  class Open {
   public:
    void add(store::Ns started_ns, store::Ns closed_ns) {
      while (!closes_.empty() && closes_.front() <= started_ns) {
        std::pop_heap(closes_.begin(), closes_.end(), std::greater<>());
        closes_.pop_back();
      }
      if (closes_.size() == kMost) return;
      closes_.push_back(closed_ns);
      std::push_heap(closes_.begin(), closes_.end(), std::greater<>());
      most_ = std::max(most_, closes_.size());
    }
    std::int64_t most() const { return static_cast<std::int64_t>(most_); }

   private:
    static constexpr std::size_t kMost = 100'000;  // more than a machine has ports

    std::vector<store::Ns> closes_;  // a heap, the first to come on top
    std::size_t most_ = 0;
  };
  struct PerPlace {
    void close(store::Ns started_ns) {
      ++closed;
      closed_minute.count_at(started_ns, 60 * kSecond);
    }

    void keep(std::int64_t id) {
      if (examples.size() < Finding::kExamples) examples.push_back(id);
    }

    std::int64_t connected = 0;
    std::int64_t single = 0;
    std::vector<std::int64_t> examples;  // ids of those
    store::Ns first = 0;
    store::Ns last = 0;
    std::int64_t closed = 0;  // by this side first
    bool no_port = false;     // EADDRNOTAVAIL
    Window second;
    Window minute;
    Window closed_minute;
    Open open;
  };

  bool is_reused(const Place& to) const {
    const bool loopback = to.address.starts_with("127.") || to.address == "::1";
    return settings().tw_reuse == 1 || (settings().tw_reuse == 2 && loopback);
  }

  static std::string what_of_ports(const PerPlace& place, std::int64_t ports, bool reused) {
    if (place.closed * 2 < place.connected) {
      return place.closed == 0 ? ", which the peer closes first, so they keep no source port"
                               : ", most of which the peer closes first: those keep no source port";
    }
    if (place.minute.most > ports && !place.no_port) {
      return ", more than there are source ports, and none of them failed for it";
    }
    if (reused && !place.no_port) {
      return "; their source ports are free again after a second (tcp_tw_reuse)";
    }
    return fmt::format("; source ports run out at {}/s",
                       number(std::max<std::int64_t>(1, ports / 60)));
  }

  std::vector<PerPlace> places_;
};

}  // namespace

void add_rate_rules(Rules& rules) {
  rules.push_back(std::make_unique<Storm>());
  rules.push_back(std::make_unique<Churn>());
}

}  // namespace sockwatch::diagnose
