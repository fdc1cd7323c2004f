#include "viewer/diagnose/plain_run.h"

#include <algorithm>

#include "viewer/model/destination.h"

namespace sockwatch::diagnose {

PlainColumns::PlainColumns(store::Block& block)
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

void PlainColumns::read(store::Block& block, bool every_row) {
  block.read<&Row::process_id, &Row::local_port, &Row::started_ns, &Row::decided_ns,
             &Row::closed_ns, &Row::rtt_us, &Row::turns, &Row::family, &Row::ending>();
  if (!every_row) return;
  block.read<&Row::noticed_ns, &Row::first_send_ns, &Row::first_receive_ns, &Row::blocking,
             &Row::resolution_id>();
}

std::int64_t PlainColumns::family_of(const std::string& word) const {
  const auto& words = family_.column->words();
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? -1 : found - words.begin();
}

void PlainColumns::fill(Row& shape, std::size_t row) const {
  shape.id = id_[row];
  shape.process_id = process_[row];
  shape.tid = tid_[row];
  shape.blocking.reset();
  if (blocking_.column->knows(row)) shape.blocking = blocking_[row] != 0;
  shape.local_port = local_port_[row];
  shape.resolution_id = resolution_.at(row);
  shape.started_ns = started_[row];
  shape.decided_ns = decided_[row];
  shape.noticed_ns = noticed_.at(row);
  shape.first_send_ns = first_send_.at(row);
  shape.first_receive_ns = first_receive_[row];
  shape.closed_ns = closed_[row];
  shape.rtt_us = rtt_.at(row);
  shape.turns = turns_[row];
}

void ProgramCache::begin(const Programs& programs) {
  programs_ = &programs;
  known_.fill({0, programs.of(0)});
}

ProgramId ProgramCache::of(std::int64_t process_id) {
  auto& [process, program] = known_[static_cast<std::size_t>(process_id) % known_.size()];
  if (process != process_id) {
    process = process_id;
    program = programs_->of(process);
  }
  return program;
}

void Rule::see_plain(const PlainRun& run) {
  for (std::size_t i = 0; i < run.size(); ++i) see(run.attempt(i));
}

const std::vector<RunPlace>& PlainRun::places() const {
  if (!places_found_) find_places();
  places_found_ = true;
  return block_.places_of_run;
}

void PlainRun::find_places() const {
  auto& places = block_.places_of_run;
  places.clear();
  block_.entry_of_place.resize(block_.ids.size(), 0);
  for (const std::uint32_t row : rows_) {
    const std::uint32_t in_block = block_.in_block[row];
    std::uint32_t& entry = block_.entry_of_place[in_block];
    if (entry == 0) {
      RunPlace& fresh = places.emplace_back();
      fresh.place = *block_.ids[in_block];
      fresh.in_block = in_block;
      entry = static_cast<std::uint32_t>(places.size());
    }
    RunPlace& here = places[entry - 1];
    ++here.attempts;
    const store::OptInt rtt_us = columns_.rtt_.at(row);
    if (!rtt_us) continue;
    here.least_rtt_us = std::min(here.least_rtt_us, *rtt_us);
    here.handshake_ns.add(model::handshake_ns(rtt_us));
  }
  for (const RunPlace& here : places) block_.entry_of_place[here.in_block] = 0;
}

Attempt PlainRun::attempt(std::size_t at) const {
  const PlaceId place = this->place(at);
  store::ConnectionRow& row = *block_.shapes[place];
  columns_.fill(row, rows_[at]);
  Attempt attempt{row};
  attempt.outcome = model::Outcome::connected;
  attempt.ending = columns_.ending(rows_[at]);
  attempt.place = place;
  attempt.service = block_.places[place].service;
  attempt.program = block_.programs.of(row.process_id);
  attempt.tcp = true;
  attempt.healthy = true;
  attempt.elapsed_ns = *row.decided_ns - row.started_ns;
  return attempt;
}

}  // namespace sockwatch::diagnose
