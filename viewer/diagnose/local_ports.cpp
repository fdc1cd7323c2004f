// No source port is left on this host.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <queue>

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/local.h"
#include "viewer/diagnose/phrase.h"

namespace sockwatch::diagnose {
namespace {

using model::Outcome;

constexpr store::Ns kNoPacketYet = 1'000'000;

// How often something happened in the last minute, in seconds.
class LastMinute {
 public:
  static constexpr std::int64_t kSeconds = 60;

  void add(store::Ns at) {
    const std::int64_t second = at / 1'000'000'000;
    forget_before(second);
    if (second <= newest_ - kSeconds) return;
    ++slot(second);
    ++sum_;
  }
  std::int64_t count_at(store::Ns at) {
    forget_before(at / 1'000'000'000);
    return sum_;
  }

 private:
  // A trace may hold any time, also one before boot.
  std::int32_t& slot(std::int64_t second) {
    return counts_[static_cast<std::size_t>((second % kSeconds + kSeconds) % kSeconds)];
  }
  void forget_before(std::int64_t second) {
    const std::int64_t gone = std::min(second - newest_, kSeconds);
    for (std::int64_t i = 1; i <= gone; ++i) {
      std::int32_t& count = slot(newest_ + i);
      sum_ -= count;
      count = 0;
    }
    newest_ = std::max(newest_, second);
  }

  std::array<std::int32_t, kSeconds> counts_{};
  std::int64_t newest_ = 0;
  std::int64_t sum_ = 0;
};

// The connections of one place that hold a source port, as the rows tell: those still open, and
// those closed less than a minute ago.
class Held {
 public:
  void begin(const store::ConnectionRow& row, bool connected) {
    forget(row.started_ns);
    if (!row.closed_ns) {
      ++never_closed_;
    } else if (open_.size() < kMost) {
      open_.push({*row.closed_ns, connected});
    }
  }
  std::int64_t open_at(store::Ns at) {
    forget(at);
    return never_closed_ + static_cast<std::int64_t>(open_.size());
  }
  std::int64_t closed_before(store::Ns at) {
    forget(at);
    return closed_.count_at(at);
  }

 private:
  using End = std::pair<store::Ns, bool>;                     // and whether it had been connected
  static constexpr std::size_t kMost = std::size_t{1} << 18;  // four times the ports there are

  // Attempts come as they started, so nothing that ends before `at` can come any more.
  void forget(store::Ns at) {
    while (!open_.empty() && open_.top().first <= at) {
      // Only a connection leaves TIME_WAIT behind.
      if (open_.top().second) closed_.add(open_.top().first);
      open_.pop();
    }
  }

  std::priority_queue<End, std::vector<End>, std::greater<>> open_;
  std::int64_t never_closed_ = 0;
  LastMinute closed_;
};

class Ports : public Rule {
 public:
  const Entry& entry() const override {
    static const Entry kEntry{
        .id = "PORTS",
        .family = Family::local,
        .title = "source ports exhausted",
        .signature =
            "connect failed with EADDRNOTAVAIL in less than 1 ms (of IPv6 only where "
            "other IPv6 connects worked), or bind to port 0 with EADDRINUSE. High: "
            "connections to that address and port that were open then, or closed within 60 s "
            "before, make up at least 80 % of ip_local_port_range.",
        .meaning =
            "Every connection needs a source port of its own on this host, from a limited "
            "range. An open connection has one, and a closed one keeps its port for another "
            "minute (TIME_WAIT) where this side closed first. So many were open, or had been "
            "closed a moment ago, that no port was left for this address.",
        .not_this =
            "Not the server and not the network: nothing was sent. Connects from here to "
            "other addresses still work.",
        .next = {"ss -tan dst ADDRESS | awk '{print $1}' | sort | uniq -c",
                 "many ESTAB: find what is opened and not closed; many TIME-WAIT: use keep-alive "
                 "or a connection pool",
                 "sysctl net.ipv4.ip_local_port_range"}};
    return kEntry;
  }
  bool wants_healthy() const override { return true; }

  void see(const store::FailedCallRow& row) override {
    if (row.call == "bind" && row.error == EADDRINUSE && row.argument == 0) binds_.add(row);
  }

  void see(const Attempt& attempt) override {
    const auto& row = attempt.row;
    if (row.protocol != "tcp") return;
    PerPlace& place = place_of(attempt.place);
    ++place.attempts;
    if (attempt.is(Outcome::connected)) (row.family == "ipv6" ? works6_ : works4_) = true;
    if (attempt.is(Outcome::local_error)) {
      if (row.error != EADDRNOTAVAIL || attempt.elapsed_ns >= kNoPacketYet) return;
      place.sightings.add(row);
      place.ipv6 = row.family == "ipv6";
      const std::int64_t open = place.held.open_at(row.started_ns);
      const std::int64_t closed = place.held.closed_before(row.started_ns);
      if (open + closed < place.open + place.closed) return;
      place.open = open;
      place.closed = closed;
    } else if (!attempt.is(Outcome::unreachable)) {
      place.held.begin(row, attempt.is(Outcome::connected));
    }
  }

  void conclude(std::vector<Finding>& findings) override {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const PerPlace& place = places_[i];
      if (place.sightings.count() == 0) continue;
      const bool most_of_range = (place.open + place.closed) * 10 >= settings().port_count() * 8;
      // Without IPv6 at all the errno means something else: V6-OFF.
      if (place.ipv6 && !works6_ && !most_of_range) continue;
      findings.push_back(of_place(static_cast<PlaceId>(i), place, most_of_range));
    }
    if (binds_.count() == 0) return;
    auto result = finding(Severity::error, Confidence::high, "source ports of this host");
    binds_.fill(result, binds_.count());
    result.summary = fmt::format("No free source port is left: bind to any port failed {}.",
                                 counted(binds_.count(), "time"));
    result.evidence.push_back("bind with port 0 said EADDRINUSE");
    result.next_steps = {"ss -tan | wc -l", "use keep-alive or a connection pool"};
    findings.push_back(std::move(result));
  }

 private:
  struct PerPlace {
    std::int64_t attempts = 0;
    Sightings sightings;
    bool ipv6 = false;
    Held held;
    std::int64_t open = 0;    // at the failure that found most ports held
    std::int64_t closed = 0;  // in the minute before it
  };

  PerPlace& place_of(PlaceId id) {
    if (id >= places_.size()) places_.resize(id + 1);
    return places_[id];
  }

  Finding of_place(PlaceId id, const PerPlace& place, bool most_of_range) {
    const std::string& subject = context().places[id].endpoint;
    auto result =
        finding(Severity::error, most_of_range ? Confidence::high : Confidence::medium, subject);
    place.sightings.fill(result, place.attempts);
    const std::string range = fmt::format("{} to {}", settings().first_port, settings().last_port);
    if (most_of_range) {
      result.summary = fmt::format("All {} source ports towards {} are in use: {}.",
                                   number(settings().port_count()), subject, holders(place));
    } else {
      result.summary = fmt::format(
          "The kernel had no source address and port for {}: ports in use by others, or a source "
          "address this host does not have.",
          subject);
    }
    result.evidence.push_back(fmt::format("{} attempts failed with EADDRNOTAVAIL at once",
                                          share(result.count, result.of)));
    result.evidence.push_back(fmt::format(
        "recorded connections to it: {} open then, {} closed within the minute "
        "before; the range {} has {} ports",
        number(place.open), number(place.closed), range, number(settings().port_count())));
    if (place.ipv6 ? works6_ : works4_) {
      result.excluded.push_back("A family switched off: other connects of it worked.");
    }
    const std::string to = host_of(context().places[id]);
    if (place.open >= place.closed && place.open > 0) {
      result.next_steps = {fmt::format("ss -tanp dst {}", to),
                           "find what is opened and not closed"};
    } else {
      result.next_steps = {fmt::format("ss -tan state time-wait dst {} | wc -l", to),
                           "use keep-alive or a connection pool"};
    }
    result.next_steps.emplace_back("sysctl net.ipv4.ip_local_port_range");
    return result;
  }

  static std::string holders(const PerPlace& place) {
    if (place.closed == 0)
      return counted(place.open, "connection was", "connections were") + " open";
    std::string closed =
        counted(place.closed, "connection had", "connections had") +
        " been closed within the minute before and may still hold theirs (TIME_WAIT)";
    if (place.open == 0) return closed;
    return counted(place.open, "was", "were") + " open, " + closed;
  }

  std::vector<PerPlace> places_;
  Sightings binds_;
  bool works4_ = false;
  bool works6_ = false;
};

}  // namespace

void add_port_rules(Rules& rules) { rules.push_back(std::make_unique<Ports>()); }

}  // namespace sockwatch::diagnose
