#include "viewer/diagnose/long_trace.h"

#include <algorithm>
#include <span>
#include <utility>

#include "viewer/diagnose/diagnose.h"

namespace sockwatch::diagnose {
namespace {

using Row = store::ConnectionRow;
using model::Ending;
using model::Outcome;

struct Numbers {
  explicit Numbers(store::BlockColumn& of) : column(&of), values(of.values()) {}
  store::OptInt at(std::size_t at) const {
    return column->knows(at) ? store::OptInt(values[at]) : std::nullopt;
  }
  const store::BlockColumn* column;
  std::span<const std::int64_t> values;
};

// What all plain attempts to a place have in common.
Row shape_of(const Row& row) {
  Row shape;
  shape.family = row.family;
  shape.protocol = row.protocol;
  shape.peer_name = row.peer_name;
  shape.peer_address = row.peer_address;
  shape.peer_port = row.peer_port;
  shape.outcome = row.outcome;
  shape.syn_retransmits = 0;
  return shape;
}

}  // namespace

LongTrace::LongTrace(Context& context, Places& places, const Programs& programs, const Rules& rules,
                     Troubles trace)
    : context_(context), places_(places), programs_(programs), trace_(trace) {
  // Neighbours in the list are of one kind and cost about the same.
  std::size_t next = 0;
  for (const auto& rule : rules) {
    Share& share = shares_[next];
    share.rules.push_back(rule.get());
    if (!rule->wants_healthy()) continue;
    share.for_healthy.push_back(rule.get());
    share.needs.push_back(need_of(rule->entry().id));
    next = (next + 1) % kShares;
  }
}

void LongTrace::survey(store::Block& block) {
  plain_.find(block);
  places_of_block_.find(block);
  auto& places = places_of_blocks_.emplace_back();
  for (std::size_t i = 0; i < places_of_block_.size(); ++i) {
    places.push_back(places_.of(block.row(places_of_block_.first_row(i))));
  }
  at_place_.resize(places_.size(), kNoTrouble);
  for (std::size_t i = 0; i < block.rows(); ++i) {
    if (!block.is_chosen(i)) continue;
    const auto& place = places[places_of_block_[i]];
    if (!place) {
      ++context_.unexamined;
    } else if (plain_[i]) {
      places_.count(*place, true);
    } else {
      const Attempt attempt = examine(block.row(i));
      const Troubles troubles = troubles_of(attempt);
      places_.count(*place, attempt.is(Outcome::connected));
      at_place_[*place] |= troubles;
      trace_ |= troubles;
    }
  }
}

const LongTrace::PlainRules* LongTrace::rules_for(Share& share, Troubles place,
                                                  Troubles service) const {
  PlainRules rules;
  for (std::size_t i = 0; i < share.needs.size(); ++i) {
    if (share.needs[i].at(place, service, trace_)) rules.push_back(share.for_healthy[i]);
  }
  for (const auto& known : share.plain_rules) {
    if (*known == rules) return known.get();
  }
  return share.plain_rules.emplace_back(std::make_unique<PlainRules>(std::move(rules))).get();
}

void LongTrace::end_survey() {
  std::vector<Troubles> at_service;
  for (PlaceId place = 0; place < at_place_.size(); ++place) {
    const ServiceId service = places_[place].service;
    if (at_service.size() <= service) at_service.resize(service + 1, kNoTrouble);
    at_service[service] |= at_place_[place];
  }
  for (Share& share : shares_) {
    share.programs.fill({0, programs_.of(0)});
    share.shapes.resize(at_place_.size());
    for (PlaceId place = 0; place < at_place_.size(); ++place) {
      share.for_plain.push_back(
          rules_for(share, at_place_[place], at_service[places_[place].service]));
    }
  }
}

void LongTrace::show_whole(const Row& row, PlaceId place, const Share& share) const {
  Attempt attempt = examine(row);
  attempt.place = place;
  attempt.service = places_[place].service;
  attempt.program = programs_.of(row.process_id);
  for (Rule* rule : attempt.healthy ? share.for_healthy : share.rules) rule->see(attempt);
}

// The columns of plain attempts that rules are shown, see needs.h.
class LongTrace::PlainAttempts {
 public:
  explicit PlainAttempts(store::Block& block)
      : id_(block.column<&Row::id>()),
        process_(block.column<&Row::process_id>()),
        tid_(block.column<&Row::tid>()),
        blocking_(block.column<&Row::blocking>()),
        local_port_(block.column<&Row::local_port>()),
        resolution_(block.column<&Row::resolution_id>()),
        started_(block.column<&Row::started_ns>()),
        decided_(block.column<&Row::decided_ns>()),
        noticed_(block.column<&Row::noticed_ns>()),
        first_send_(block.column<&Row::first_send_ns>()),
        first_receive_(block.column<&Row::first_receive_ns>()),
        closed_(block.column<&Row::closed_ns>()),
        rtt_(block.column<&Row::rtt_us>()),
        turns_(block.column<&Row::turns>()),
        family_(block.column<&Row::family>()),
        ending_(block.column<&Row::ending>()) {
    for (const std::string& word : ending_.column->words()) {
      endings_.push_back(model::parse_ending(word));
    }
  }

  std::int64_t process_id(std::size_t at) const { return process_.values[at]; }
  const std::string& family(std::size_t at) const {
    return family_.column->words()[static_cast<std::size_t>(family_.values[at])];
  }
  std::optional<Ending> ending(std::size_t at) const {
    return endings_[static_cast<std::size_t>(ending_.values[at])];
  }

  // All else in it is of the place.
  void fill(Row& row, std::size_t at) const {
    row.id = id_.values[at];
    row.process_id = process_.values[at];
    row.tid = tid_.values[at];
    row.blocking.reset();
    if (blocking_.column->knows(at)) row.blocking = blocking_.values[at] != 0;
    row.local_port = local_port_.values[at];
    row.resolution_id = resolution_.at(at);
    row.started_ns = started_.values[at];
    row.decided_ns = decided_.values[at];
    row.noticed_ns = noticed_.at(at);
    row.first_send_ns = first_send_.at(at);
    row.first_receive_ns = first_receive_.values[at];
    row.closed_ns = closed_.values[at];
    row.rtt_us = rtt_.at(at);
    row.turns = turns_.values[at];
  }

 private:
  Numbers id_, process_, tid_, blocking_, local_port_, resolution_, started_, decided_, noticed_,
      first_send_, first_receive_, closed_, rtt_, turns_, family_, ending_;
  std::vector<std::optional<Ending>> endings_;  // by word
};

void LongTrace::show(store::Block& block, std::size_t number) {
  Share& share = shares_[number];
  share.plain.find(block);
  share.places_of_block.find(block);
  const PlainAttempts plain(block);
  if (share.block == places_of_blocks_.size()) return;
  const auto& places = places_of_blocks_[share.block++];
  if (places.size() != share.places_of_block.size()) return;  // another block than before
  for (std::size_t i = 0; i < block.rows(); ++i) {
    if (!block.is_chosen(i)) continue;
    const auto& place = places[share.places_of_block[i]];
    if (!place) continue;
    auto& shape = share.shapes[*place];
    const bool is_like_others =
        share.plain[i] && shape != nullptr && shape->family == plain.family(i);
    if (is_like_others) {
      if (share.for_plain[*place]->empty()) continue;
      plain.fill(*shape, i);
      show_plain(*shape, plain.ending(i), *place, share);
      continue;
    }
    const Row& row = block.row(i);
    show_whole(row, *place, share);
    if (share.plain[i] && shape == nullptr) shape = std::make_unique<Row>(shape_of(row));
  }
}

void LongTrace::show_plain(const Row& row, std::optional<Ending> ending, PlaceId place,
                           Share& share) const {
  Attempt attempt{row};
  attempt.outcome = Outcome::connected;
  attempt.ending = ending;
  attempt.place = place;
  attempt.service = places_[place].service;
  attempt.tcp = true;
  attempt.healthy = true;
  attempt.elapsed_ns = *row.decided_ns - row.started_ns;
  auto& [process, program] =
      share.programs[static_cast<std::size_t>(row.process_id) % share.programs.size()];
  if (process != row.process_id) {
    process = row.process_id;
    program = programs_.of(process);
  }
  attempt.program = program;
  for (Rule* rule : *share.for_plain[place]) rule->see(attempt);
}

}  // namespace sockwatch::diagnose
