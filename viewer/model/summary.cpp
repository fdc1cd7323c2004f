#include "viewer/model/summary.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "viewer/model/coverage.h"

namespace sockwatch::model {

bool Lookup::is_address() const {
  if (!name) return false;
  std::array<unsigned char, sizeof(in6_addr)> address{};
  const std::string whole = name->substr(0, name->find('%'));  // fe80::1%eth0
  return inet_pton(AF_INET, whole.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, whole.c_str(), address.data()) == 1;
}
namespace {

// Asked of every row, so nothing is put together for it.
std::size_t place_hash(const store::ConnectionRow& row) {
  const std::hash<std::string_view> hash;
  std::size_t result = static_cast<std::size_t>(row.peer_port.value_or(-1));
  if (row.peer_name) result = result * 31 + hash(*row.peer_name);
  if (row.peer_address) result = result * 31 + hash(*row.peer_address);
  return result;
}

bool is_of(const Destination& place, const store::ConnectionRow& row) {
  return place.port == row.peer_port && place.address == row.peer_address &&
         place.name == row.peer_name && place.protocol == row.protocol;
}

// A Summary, or another that keeps the first and the last moment.
template <typename Keeper>
void widen(Keeper& keeper, const store::OptInt& moment) {
  if (!moment) return;
  keeper.first_ns = std::min(keeper.first_ns.value_or(*moment), *moment);
  keeper.last_ns = std::max(keeper.last_ns.value_or(*moment), *moment);
}

// What is counted of the plain attempts of a block, a place at a time: one number of all of them
// after the other, because the counters of a place are more than the nearest cache holds.
class PlainMeasured {
 public:
  explicit PlainMeasured(store::Block& block)
      : started_(block.column<&Row::started_ns>()),
        decided_(block.column<&Row::decided_ns>()),
        noticed_(block.column<&Row::noticed_ns>()),
        sent_(block.column<&Row::first_send_ns>()),
        received_(block.column<&Row::first_receive_ns>()),
        closed_(block.column<&Row::closed_ns>()),
        rtt_(block.column<&Row::rtt_us>()),
        turns_(block.column<&Row::turns>()),
        turn_total_(block.column<&Row::turn_total_ns>()),
        turn_max_(block.column<&Row::turn_max_ns>()),
        retransmits_(block.column<&Row::retransmits>()),
        ending_(block.column<&Row::ending>()) {
    for (const std::string& word : ending_.column.words()) endings_.push_back(parse_ending(word));
  }

  void add(PlainGroups::Rows rows, Tally& tally) {
    tally.attempts += rows.size();
    tally.outcomes[static_cast<std::size_t>(Outcome::connected)] += rows.size();
    for (const std::uint32_t at : rows) {
      const auto ending = endings_[static_cast<std::size_t>(ending_.values[at])];
      if (ending) ++tally.endings[static_cast<std::size_t>(*ending)];
    }
    for (const std::uint32_t at : rows) {
      const store::Ns started = started_.values[at];
      const store::Ns noticed = noticed_.column.knows(at) ? noticed_.values[at] : started;
      const store::Ns decided = decided_.values[at];
      const store::Ns received = received_.values[at];
      const store::Ns closed = closed_.values[at];
      first_ = std::min({first_, started, decided, received, closed, noticed});
      last_ = std::max({last_, started, decided, received, closed, noticed});
    }
    gather(rows, tally.connect, [this](std::uint32_t at) {
      return time_between(started_.values[at], decided_.values[at]);
    });
    gather(rows, tally.handshake, [this](std::uint32_t at) { return handshake_ns(rtt_.at(at)); });
    gather(rows, tally.first_byte, [this](std::uint32_t at) {
      return first_byte_ns(decided_.values[at], sent_.at(at), received_.values[at]);
    });
    gather(rows, tally.turn, [this](std::uint32_t at) {
      const std::int64_t turns = turns_.values[at];
      return turns > 0 ? store::OptInt(turn_total_.values[at] / turns) : std::nullopt;
    });
    for (const std::uint32_t at : rows) {
      const std::int64_t turns = turns_.values[at];
      if (turns > 0) {
        tally.turns += static_cast<std::uint64_t>(turns);
        tally.longest_turn = std::max(tally.longest_turn, turn_max_.values[at]);
      }
    }
    if (retransmits_.column.has_one_value() && retransmits_.column.only() == 0) return;
    for (const std::uint32_t at : rows) {
      const std::int64_t count = retransmits_.at(at).value_or(0);
      tally.retransmits += count > 0 ? static_cast<std::uint64_t>(count) : 0;
    }
  }

  // Moments of those added; empty where there were none.
  store::OptInt first_ns() const { return first_ <= last_ ? store::OptInt(first_) : std::nullopt; }
  store::OptInt last_ns() const { return first_ <= last_ ? store::OptInt(last_) : std::nullopt; }

 private:
  using Row = store::ConnectionRow;
  struct Numbers {
    explicit Numbers(store::BlockColumn& of) : column(of), values(of.values()) {}
    store::OptInt at(std::size_t at) const {
      return column.knows(at) ? store::OptInt(values[at]) : std::nullopt;
    }
    const store::BlockColumn& column;
    std::span<const std::int64_t> values;
  };

  template <typename TimeOf>
  void gather(PlainGroups::Rows rows, Histogram& histogram, TimeOf time_of) {
    if (times_.size() < rows.size()) times_.resize(rows.size());
    std::size_t known = 0;
    for (const std::uint32_t at : rows) {
      const store::OptInt time = time_of(at);
      times_[known] = time.value_or(0);
      known += time ? 1 : 0;
    }
    histogram.add(std::span(times_).first(known));
  }

  Numbers started_, decided_, noticed_, sent_, received_, closed_, rtt_, turns_, turn_total_,
      turn_max_, retransmits_, ending_;
  std::vector<std::optional<Ending>> endings_;  // by word
  std::vector<std::int64_t> times_;
  store::Ns first_ = INT64_MAX;
  store::Ns last_ = INT64_MIN;
};

bool slower(const Lookup& a, const Lookup& b) {
  if (a.failures != b.failures) return a.failures > b.failures;
  const auto a_longest = a.duration.largest().value_or(0);
  const auto b_longest = b.duration.largest().value_or(0);
  if (a_longest != b_longest) return a_longest > b_longest;
  return a.name < b.name;
}

}  // namespace

std::uint64_t Summary::lost() const {
  return std::accumulate(losses.begin(), losses.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& loss) { return sum + loss.second; });
}

std::vector<const store::ProcessRow*> Summary::not_seen() const {
  std::vector<const store::ProcessRow*> result;
  for (const auto& process : processes) {
    if (!was_seen(process.coverage)) result.push_back(&process);
  }
  return result;
}

struct SummaryBuilder::State {
  explicit State(Limits wanted) : limits(wanted) {}

  Limits limits;
  Summary summary;
  std::unordered_multimap<std::size_t, std::size_t> places;  // place_hash → destination
  std::optional<std::size_t> other_places;
  std::unordered_map<std::string, std::size_t> names;
  std::optional<std::size_t> nameless;
  std::optional<std::size_t> other_names;
  std::map<FailureKey, Evidence> failures;
  // Of lookups, which may be added while another thread adds connections.
  struct {
    store::OptInt first_ns, last_ns;
  } lookups_seen;

  std::size_t destination_of(const store::ConnectionRow& row);
  Lookup& lookup_of(const store::OptText& name);
};

std::size_t SummaryBuilder::State::destination_of(const store::ConnectionRow& row) {
  const std::size_t hash = place_hash(row);
  const auto [first, last] = places.equal_range(hash);
  for (auto it = first; it != last; ++it) {
    if (is_of(summary.destinations[it->second], row)) return it->second;
  }
  const bool full = places.size() >= limits.destinations;
  if (full && other_places) return *other_places;
  Destination& fresh = summary.destinations.emplace_back();
  const std::size_t index = summary.destinations.size() - 1;
  if (full) {
    fresh.others = true;
    fresh.protocol = "other";
    other_places = index;
    return index;
  }
  fresh.name = row.peer_name;
  fresh.address = row.peer_address;
  fresh.port = row.peer_port;
  fresh.protocol = row.protocol;
  places.emplace(hash, index);
  return index;
}

Lookup& SummaryBuilder::State::lookup_of(const store::OptText& name) {
  auto add = [&](std::optional<std::size_t>& slot) -> Lookup& {
    if (!slot) {
      summary.lookups.emplace_back();
      slot = summary.lookups.size() - 1;
    }
    return summary.lookups[*slot];
  };
  if (!name) return add(nameless);
  const auto known = names.find(*name);
  if (known != names.end()) return summary.lookups[known->second];
  if (names.size() >= limits.names) {
    Lookup& rest = add(other_names);
    rest.others = true;
    return rest;
  }
  names.emplace(*name, summary.lookups.size());
  Lookup& fresh = summary.lookups.emplace_back();
  fresh.name = name;
  return fresh;
}

SummaryBuilder::SummaryBuilder(Limits limits) : state_(std::make_unique<State>(limits)) {}
SummaryBuilder::~SummaryBuilder() = default;
SummaryBuilder::SummaryBuilder(SummaryBuilder&&) noexcept = default;
SummaryBuilder& SummaryBuilder::operator=(SummaryBuilder&&) noexcept = default;

void SummaryBuilder::set_trace(std::map<std::string, std::string> trace) {
  state_->summary.trace = std::move(trace);
}

void SummaryBuilder::add(const store::ProcessRow& row) {
  widen(state_->summary, row.started_ns);
  widen(state_->summary, row.ended_ns);
  state_->summary.processes.push_back(row);
}

void SummaryBuilder::add(const store::ConnectionRow& row) {
  Summary& summary = state_->summary;
  const std::size_t place = state_->destination_of(row);
  summary.destinations[place].tally.add(row);
  for (const auto& moment : {store::OptInt(row.started_ns), row.decided_ns, row.noticed_ns,
                             row.first_receive_ns, row.closed_ns}) {
    widen(summary, moment);
  }
  auto key = failure_of(row);
  if (!key) return;
  key->destination = place;
  const auto known = state_->failures.find(*key);
  if (known != state_->failures.end()) {
    known->second.add(row);
  } else if (state_->failures.size() < state_->limits.failure_groups) {
    state_->failures[*key].add(row);
  } else {
    ++summary.failures_beyond_limit;
  }
}

void SummaryBuilder::prepare(store::Block& block) {
  using Row = store::ConnectionRow;
  block.read<&Row::started_ns, &Row::decided_ns, &Row::noticed_ns, &Row::first_send_ns,
             &Row::first_receive_ns, &Row::closed_ns, &Row::rtt_us, &Row::turns,
             &Row::turn_total_ns, &Row::turn_max_ns, &Row::retransmits, &Row::ending>();
}

void SummaryBuilder::add(const PlainBlock& shown) {
  State& state = *state_;
  // They come as they appear, as if the rows were added one by one.
  std::vector<std::size_t> places;
  PlaceRow place_row(shown.block);
  for (std::size_t i = 0; i < shown.places.size(); ++i) {
    places.push_back(state.destination_of(place_row[shown.places.first_row(i)]));
  }
  PlainMeasured plain(shown.block);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto rows = shown.groups.plain_at(i);
    if (!rows.empty()) plain.add(rows, state.summary.destinations[places[i]].tally);
  }
  store::BlockRows rows(shown.block);
  for (const std::uint32_t row : shown.groups.others()) add(rows[row]);
  widen(state.summary, plain.first_ns());
  widen(state.summary, plain.last_ns());
}

void SummaryBuilder::add(const store::ResolutionRow& row) {
  std::int64_t ended_ns = row.started_ns;
  if (__builtin_add_overflow(row.started_ns, std::max<store::Ns>(row.duration_ns, 0), &ended_ns)) {
    ended_ns = row.started_ns;
  }
  widen(state_->lookups_seen, row.started_ns);
  widen(state_->lookups_seen, ended_ns);
  Lookup& lookup = state_->lookup_of(row.name);
  ++lookup.count;
  lookup.duration.add(row.duration_ns);
  if (row.result == 0) return;
  ++lookup.failures;
  const std::pair key{row.result, row.error};
  if (lookup.errors.size() < 64 || lookup.errors.contains(key)) ++lookup.errors[key];
}

void SummaryBuilder::add(const store::LossRow& row) {
  if (row.count > 0) state_->summary.losses[row.cause] += static_cast<std::uint64_t>(row.count);
}

Summary SummaryBuilder::finish(bool filtered) {
  Summary summary = std::move(state_->summary);
  widen(summary, state_->lookups_seen.first_ns);
  widen(summary, state_->lookups_seen.last_ns);
  for (const Destination& destination : summary.destinations) {
    summary.total.merge(destination.tally);
  }

  // Sorting moves the destinations, so the failures must learn their new places.
  std::vector<std::size_t> order(summary.destinations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return worse(summary.destinations[a], summary.destinations[b]);
  });
  std::vector<Destination> sorted;
  std::vector<std::size_t> new_place(order.size());
  sorted.reserve(order.size());
  for (const std::size_t old : order) {
    new_place[old] = sorted.size();
    sorted.push_back(std::move(summary.destinations[old]));
  }
  summary.destinations = std::move(sorted);

  for (auto& [key, evidence] : state_->failures) {
    FailureGroup group{key, std::move(evidence)};
    group.key.destination = new_place[key.destination];
    summary.failures.push_back(std::move(group));
  }
  std::sort(summary.failures.begin(), summary.failures.end(),
            [&](const FailureGroup& a, const FailureGroup& b) {
              const bool a_others = summary.destinations[a.key.destination].others;
              const bool b_others = summary.destinations[b.key.destination].others;
              if (a_others != b_others) return b_others;
              if (a.evidence.count != b.evidence.count) return a.evidence.count > b.evidence.count;
              return a.key < b.key;
            });
  std::sort(summary.lookups.begin(), summary.lookups.end(), slower);
  summary.filtered = filtered;
  state_ = std::make_unique<State>(state_->limits);
  return summary;
}

}  // namespace sockwatch::model
