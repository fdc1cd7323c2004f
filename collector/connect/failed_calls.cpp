#include "collector/connect/failed_calls.h"

#include <algorithm>

#include "collector/connect/ops.h"

namespace sockwatch::connect {

store::FailedCallRow& FailedCalls::row_of(const Key& key, const Observation& o) {
  const auto [at, fresh] = rows_.try_emplace(key);
  store::FailedCallRow& row = at->second;
  if (fresh) {
    row.id = ids_.next_failed_call++;
    row.process_id = process_id_;
    row.call = name(o.op);
    row.error = o.error;
    row.first_ns = o.t_ns;
  }
  ++row.count;
  row.last_ns = o.t_ns;
  changed_.insert(key);
  return row;
}

bool FailedCalls::has_room_for(const Key& key) const {
  if (rows_.contains(key)) return true;
  std::size_t others = 0;
  for (auto at = rows_.lower_bound({key.first, {}}); at != rows_.end(); ++at) {
    if (at->first.first != key.first) break;
    ++others;
  }
  return others < kMostAddresses;
}

void FailedCalls::add(const Observation& o, store::OptInt argument, bool keep_largest) {
  store::FailedCallRow& row = row_of({{o.op, o.error}, {}}, o);
  row.argument = keep_largest ? std::max(row.argument, argument) : argument;
}

void FailedCalls::add_bind(const Observation& o) {
  const bool internet = o.local && (o.local->family == "ipv4" || o.local->family == "ipv6");
  if (!internet) return add(o);
  const Key key{{o.op, o.error}, o.local->text};
  if (!has_room_for(key)) return add(o, o.local->port);
  store::FailedCallRow& row = row_of(key, o);
  row.argument = o.local->port;
  row.address = o.local->text;
}

void FailedCalls::add_all(const Observation& o, std::int64_t count) {
  add(o);
  rows_.at({{o.op, o.error}, {}}).count += count - 1;
}

void FailedCalls::touch_all() {
  for (const auto& [key, row] : rows_) changed_.insert(key);
}

std::vector<store::FailedCallRow> FailedCalls::take() {
  std::vector<store::FailedCallRow> rows;
  rows.reserve(changed_.size());
  for (const Key& key : changed_) rows.push_back(rows_.at(key));
  changed_.clear();
  return rows;
}

}  // namespace sockwatch::connect
