// Makes the blocks of table `connection` (packed_copy.h), two at a time where a second thread can
// be had: reading its cells takes longer than all else that is done when a recording ends, and its
// user waits. Private to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/block.h"
#include "collector/store/database.h"
#include "collector/store/layout.h"
#include "collector/support/result.h"

namespace sockwatch::store {

class BlockMaker {
 public:
  // `rows` to a block. Both outlive this.
  BlockMaker(const Database& database, const Layout& layout, std::int64_t rows)
      : database_(database), layout_(layout), rows_(rows) {}

  struct Made {
    std::string bytes;
    std::int64_t rows = 0;
  };
  // Calls keep() with each of them, as their rows started, in the thread of the caller.
  Status make_all(const std::function<Status(const Made&)>& keep) const;

 private:
  using Place = std::pair<std::int64_t, std::int64_t>;  // started_ns, id
  class Worker;                                         // makes one block after the other

  // The first row of each block.
  Result<std::vector<Place>> find_starts() const;

  const Database& database_;
  const Layout& layout_;
  std::int64_t rows_;
};

}  // namespace sockwatch::store
