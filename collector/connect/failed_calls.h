// Calls that failed before there was a connection to blame → one row per call and errno, and of
// bind per address.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collector/connect/observation.h"
#include "collector/connect/tracker.h"
#include "collector/store/rows.h"

namespace sockwatch::connect {

class FailedCalls {
 public:
  using Key = std::pair<std::pair<wire::Op, int>, std::string>;  // errno; of bind, the address

  FailedCalls(std::int64_t process_id, Ids& ids) : process_id_(process_id), ids_(ids) {}

  // `argument`: column `argument` of the newest failure; the larger one counts if `keep_largest`.
  void add(const Observation& o, store::OptInt argument = {}, bool keep_largest = false);
  void add_bind(const Observation& o);
  // So many at once, `o` the last of them.
  void add_all(const Observation& o, std::int64_t count);

  // The rows that changed since the last call.
  std::vector<store::FailedCallRow> take();

  auto fields() {  // after take()
    return fields_are(Skipped<std::int64_t>(), Skipped<Ids*>(), rows_, Skipped<std::set<Key>>());
  }
  void touch_all();  // every row counts as changed

 private:
  store::FailedCallRow& row_of(const Key& key, const Observation& o);
  bool has_room_for(const Key& key) const;

  // A program may try one address after the other; the rest of them share a row without one.
  static constexpr std::size_t kMostAddresses = 16;

  std::int64_t process_id_;
  Ids& ids_;
  std::map<Key, store::FailedCallRow> rows_;
  std::set<Key> changed_;
};

}  // namespace sockwatch::connect
