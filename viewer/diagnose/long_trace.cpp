#include "viewer/diagnose/long_trace.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "viewer/diagnose/diagnose.h"
#include "viewer/diagnose/possible.h"

namespace sockwatch::diagnose {
namespace {

using Row = store::ConnectionRow;
using model::Outcome;

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

void LongTrace::survey(const model::PlainBlock& shown) {
  const store::Block& block = shown.block;
  store::BlockRows rows(block);
  auto& places = places_of_blocks_.emplace_back();
  for (std::size_t i = 0; i < shown.places.size(); ++i) {
    places.push_back(places_.of(rows[shown.places.first_row(i)]));
  }
  at_place_.resize(places_.size(), kNoTrouble);
  plain_counts_.assign(places.size(), 0);
  for (std::size_t i = 0; i < block.rows(); ++i) {
    if (!block.is_chosen(i)) continue;
    const std::uint32_t in_block = shown.places[i];
    if (shown.plain[i]) {
      ++plain_counts_[in_block];
      continue;
    }
    const auto& place = places[in_block];
    if (!place) {
      ++context_.unexamined;
      continue;
    }
    const Possible possible(rows[i]);
    const Attempt attempt = examine(*possible);
    const Troubles troubles = troubles_of(attempt);
    places_.count(*place, attempt.is(Outcome::connected));
    at_place_[*place] |= troubles;
    trace_ |= troubles;
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i]) {
      places_.count(*places[i], true, plain_counts_[i]);
    } else {
      context_.unexamined += plain_counts_[i];
    }
  }
}

void LongTrace::end_survey() {
  std::vector<Troubles> at_service;
  for (PlaceId place = 0; place < at_place_.size(); ++place) {
    const ServiceId service = places_[place].service;
    if (at_service.size() <= service) at_service.resize(service + 1, kNoTrouble);
    at_service[service] |= at_place_[place];
  }
  for (Share& share : shares_) {
    share.programs.begin(programs_);
    share.shapes.resize(at_place_.size());
    share.by_place.resize(at_place_.size());
    share.by_service.resize(at_service.size());
    for (std::size_t i = 0; i < share.needs.size(); ++i) {
      const Need& need = share.needs[i];
      Rule* rule = share.for_healthy[i];
      if (need.one_by_one(trace_)) {
        share.one_by_one.push_back(rule);
        continue;
      }
      for (PlaceId place = 0; place < at_place_.size(); ++place) {
        if (need.by_place(at_place_[place])) share.by_place[place].push_back(rule);
      }
      for (ServiceId service = 0; service < at_service.size(); ++service) {
        if (need.by_service(at_service[service])) share.by_service[service].push_back(rule);
      }
    }
  }
}

void LongTrace::show_whole(const Row& told, PlaceId place, const Share& share) const {
  const Possible possible(told);
  const Row& row = *possible;
  Attempt attempt = examine(row);
  attempt.place = place;
  attempt.service = places_[place].service;
  attempt.program = programs_.of(row.process_id);
  for (Rule* rule : attempt.healthy ? share.for_healthy : share.rules) rule->see(attempt);
}

void LongTrace::show_waiting(PlainBlockView& view, std::uint32_t in_block, Share& share) {
  const PlaceId place = *view.ids[in_block];
  if (auto& rows = share.waiting[in_block]; !rows.empty()) {
    const PlainRun run(view, rows);
    for (Rule* rule : share.by_place[place]) rule->see_plain(run);
    rows.clear();
  }
  if (auto& rows = share.all_waiting[in_block]; !rows.empty()) {
    const PlainRun run(view, rows);
    for (Rule* rule : share.by_service[view.places[place].service]) rule->see_plain(run);
    rows.clear();
  }
}

void LongTrace::begin_block(PlainBlockView& view, Share& share) {
  const std::size_t places = view.ids.size();
  share.in_block.assign(places, {});
  if (share.waiting.size() < places) {
    share.waiting.resize(places);
    share.all_waiting.resize(places);
  }
  std::unordered_map<ServiceId, std::uint32_t> eldest;
  for (std::uint32_t i = 0; i < places; ++i) {
    if (!view.ids[i]) continue;
    InBlock& here = share.in_block[i];
    const PlaceId place = *view.ids[i];
    const ServiceId service = view.places[place].service;
    if (share.shapes[place] != nullptr) {
      here.family = view.columns.family_of(share.shapes[place]->family);
    }
    here.by_place = !share.by_place[place].empty();
    here.by_service = !share.by_service[service].empty();
    here.sibling = i;
    here.eldest = eldest.try_emplace(service, i).first->second;
    if (here.eldest != i) std::swap(here.sibling, share.in_block[here.eldest].sibling);
  }
}

void LongTrace::prepare(store::Block& block) { PlainColumns::read(block); }

void LongTrace::show(const model::PlainBlock& shown, std::size_t number) {
  Share& share = shares_[number];
  store::Block& block = shown.block;
  if (share.block == places_of_blocks_.size()) return;
  const BlockPlaceIds& ids = places_of_blocks_[share.block++];
  if (ids.size() != shown.places.size()) return;  // another block than before
  PlainBlockView view{PlainColumns(block), shown.places, ids,
                      share.shapes,        places_,      share.programs};
  begin_block(view, share);
  store::BlockRows rows(block);
  for (std::uint32_t i = 0; i < block.rows(); ++i) {
    if (!block.is_chosen(i)) continue;
    const std::uint32_t in_block = shown.places[i];
    InBlock& here = share.in_block[in_block];
    if (shown.plain[i] && here.family == view.columns.family(i)) {
      const PlainRun alone(view, {&i, 1});
      for (Rule* rule : share.one_by_one) rule->see_plain(alone);
      if (here.by_place) share.waiting[in_block].push_back(i);
      if (here.by_service) share.all_waiting[here.eldest].push_back(i);
      continue;
    }
    if (!ids[in_block]) continue;
    const PlaceId place = *ids[in_block];
    std::uint32_t sibling = in_block;
    do {
      show_waiting(view, sibling, share);
      sibling = share.in_block[sibling].sibling;
    } while (sibling != in_block);
    const Row& row = rows[i];
    show_whole(row, place, share);
    auto& shape = share.shapes[place];
    if (!shown.plain[i] || shape != nullptr) continue;
    shape = std::make_unique<Row>(shape_of(row));
    here.family = view.columns.family(i);
  }
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    if (ids[i]) show_waiting(view, i, share);
  }
}

}  // namespace sockwatch::diagnose
