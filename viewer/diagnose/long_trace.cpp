#include "viewer/diagnose/long_trace.h"

#include <algorithm>
#include <iterator>
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
  auto& places = places_of_blocks_.emplace_back();
  model::PlaceRow place_row(shown.block);
  for (std::size_t i = 0; i < shown.places.size(); ++i) {
    places.push_back(places_.of(place_row[shown.places.first_row(i)]));
  }
  at_place_.resize(places_.size(), kNoTrouble);
  store::BlockRows rows(shown.block);
  for (const std::uint32_t row : shown.groups.others()) {
    const auto& place = places[shown.places[row]];
    if (!place) {
      ++context_.unexamined;
      continue;
    }
    const Possible possible(rows[row]);
    const Attempt attempt = examine(*possible);
    const Troubles troubles = troubles_of(attempt);
    places_.count(*place, attempt.is(Outcome::connected), attempt.failed);
    at_place_[*place] |= troubles;
    trace_ |= troubles;
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto plain = static_cast<std::int64_t>(shown.groups.plain_at(i).size());
    if (places[i]) {
      places_.count(*places[i], true, false, plain);
    } else {
      context_.unexamined += plain;
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
      if (need.everywhere(trace_)) {
        share.anywhere.push_back(rule);
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
  attempt.lookup_age_ns = context_.lookup_ends.age_at(row);
  for (Rule* rule : attempt.healthy ? share.for_healthy : share.rules) rule->see(attempt);
}

model::PlainGroups::Rows LongTrace::Waiting::take_before(std::uint32_t row) {
  const auto end = std::lower_bound(rows.begin(), rows.end(), row);
  const auto taken = rows.first(static_cast<std::size_t>(end - rows.begin()));
  rows = rows.subspan(taken.size());
  return taken;
}

void LongTrace::show_before(std::uint32_t row, std::uint32_t in_block, PlainBlockView& view,
                            Share& share) {
  std::uint32_t sibling = in_block;
  do {
    InBlock& here = share.in_block[sibling];
    const PlaceId place = *view.ids[sibling];
    if (const auto rows = here.at_place.take_before(row); !rows.empty()) {
      const PlainRun run(view, rows);
      for (Rule* rule : share.by_place[place]) rule->see_plain(run);
    }
    if (const auto rows = here.at_service.take_before(row); !rows.empty()) {
      const PlainRun run(view, rows);
      for (Rule* rule : share.by_service[view.places[place].service]) rule->see_plain(run);
    }
    sibling = here.sibling;
  } while (sibling != in_block);
}

void LongTrace::begin_block(const PlainBlockView& view, const model::PlainBlock& shown,
                            Share& share) {
  const std::size_t places = view.ids.size();
  share.in_block.assign(places, {});
  find_whole(view, shown, share);
  std::unordered_map<ServiceId, std::uint32_t> eldest;
  bool all_placed = true;
  bool has_siblings = false;
  for (std::uint32_t i = 0; i < places; ++i) {
    InBlock& here = share.in_block[i];
    here.sibling = i;
    here.eldest = i;
    if (!view.ids[i]) {
      all_placed = false;
      continue;
    }
    here.at_place.rows = shown.groups.plain_at(i);
    here.at_service = here.at_place;
    here.eldest = eldest.try_emplace(view.places[*view.ids[i]].service, i).first->second;
    if (here.eldest == i) continue;
    has_siblings = true;
    std::swap(here.sibling, share.in_block[here.eldest].sibling);
  }
  if (has_siblings) group_by_service(shown, share);
  share.all.rows = shown.groups.plain();
  if (all_placed) return;
  share.placed.clear();
  for (const std::uint32_t row : shown.groups.plain()) {
    if (view.ids[shown.places[row]]) share.placed.push_back(row);
  }
  share.all.rows = share.placed;
}

// All that are not plain, the first plain one of each place, and those unlike it.
void LongTrace::find_whole(const PlainBlockView& view, const model::PlainBlock& shown,
                           Share& share) {
  const auto others = shown.groups.others();
  share.whole.assign(others.begin(), others.end());
  for (std::size_t i = 0; i < view.ids.size(); ++i) {
    auto rows = shown.groups.plain_at(i);
    if (!view.ids[i] || rows.empty()) continue;
    const auto& shape = share.shapes[*view.ids[i]];
    std::int64_t family = view.columns.family(rows.front());
    if (shape == nullptr) {
      share.whole.push_back(rows.front());
      rows = rows.subspan(1);
    } else {
      family = view.columns.family_of(shape->family);
    }
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(share.whole),
                 [&](std::uint32_t row) { return view.columns.family(row) != family; });
  }
  std::sort(share.whole.begin() + static_cast<std::ptrdiff_t>(others.size()), share.whole.end());
  std::inplace_merge(share.whole.begin(),
                     share.whole.begin() + static_cast<std::ptrdiff_t>(others.size()),
                     share.whole.end());
}

void LongTrace::group_by_service(const model::PlainBlock& shown, Share& share) {
  share.begin.assign(share.in_block.size() + 1, 0);
  for (std::size_t i = 0; i < share.in_block.size(); ++i) {
    const InBlock& here = share.in_block[i];
    share.begin[here.eldest + 1] += static_cast<std::uint32_t>(here.at_place.rows.size());
  }
  for (std::size_t i = 1; i < share.begin.size(); ++i) share.begin[i] += share.begin[i - 1];
  share.by_eldest.resize(shown.groups.plain().size());
  for (const std::uint32_t row : shown.groups.plain()) {
    const InBlock& here = share.in_block[shown.places[row]];
    if (here.at_place.rows.empty()) continue;  // beyond the places that are examined
    share.by_eldest[share.begin[here.eldest]++] = row;
  }
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < share.in_block.size(); ++i) {
    const auto rows = model::PlainGroups::Rows(share.by_eldest);
    share.in_block[i].at_service.rows = rows.subspan(begin, share.begin[i] - begin);
    begin = share.begin[i];
  }
}

void LongTrace::prepare(store::Block& block) const {
  const bool every_row = std::any_of(shares_.begin(), shares_.end(),
                                     [](const Share& share) { return !share.anywhere.empty(); });
  PlainColumns::read(block, every_row);
}

void LongTrace::show(const model::PlainBlock& shown, std::size_t number) {
  Share& share = shares_[number];
  if (share.block == places_of_blocks_.size()) return;
  const BlockPlaceIds& ids = places_of_blocks_[share.block++];
  if (ids.size() != shown.places.size()) return;  // another block than before
  PlainBlockView view{
      PlainColumns(shown.block), shown.places, ids, share.shapes, places_, share.programs};
  begin_block(view, shown, share);
  const auto show_all_before = [&](std::uint32_t row) {
    if (share.anywhere.empty()) return;
    const auto rows = share.all.take_before(row);
    if (rows.empty()) return;
    const PlainRun run(view, rows);
    for (Rule* rule : share.anywhere) rule->see_plain(run);
  };
  store::BlockRows rows(shown.block);
  for (const std::uint32_t at : share.whole) {
    const std::uint32_t in_block = shown.places[at];
    if (!ids[in_block]) continue;
    const PlaceId place = *ids[in_block];
    show_all_before(at);
    show_before(at, in_block, view, share);
    const Row& row = rows[at];
    show_whole(row, place, share);
    if (!shown.plain[at]) continue;
    InBlock& here = share.in_block[in_block];
    here.at_place.skip();
    share.in_block[here.eldest].at_service.skip();
    if (!share.anywhere.empty()) share.all.skip();
    auto& shape = share.shapes[place];
    if (shape == nullptr) shape = std::make_unique<Row>(shape_of(row));
  }
  const auto end = static_cast<std::uint32_t>(shown.block.rows());
  show_all_before(end);
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    if (ids[i]) show_before(end, i, view, share);
  }
}

}  // namespace sockwatch::diagnose
