#include "collector/connect/failed_calls.h"

#include <algorithm>

#include "collector/connect/ops.h"

namespace sockwatch::connect {

void FailedCalls::add(const Observation& o, store::OptInt argument, bool keep_largest) {
  const Key key{o.op, o.error};
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
  row.argument = keep_largest ? std::max(row.argument, argument) : argument;
  changed_.insert(key);
}

void FailedCalls::add_bind(const Observation& o) {
  const bool internet = o.local && (o.local->family == "ipv4" || o.local->family == "ipv6");
  add(o, internet ? store::OptInt(o.local->port) : std::nullopt);
  rows_.at({o.op, o.error}).address = internet ? store::OptText(o.local->text) : std::nullopt;
}

void FailedCalls::add_all(const Observation& o, std::int64_t count) {
  add(o);
  rows_.at({o.op, o.error}).count += count - 1;
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
