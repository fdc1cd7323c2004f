// A filter as far as it can speak of lookups and processes.
#pragma once

#include <unordered_set>
#include <vector>

#include "collector/store/reader.h"

namespace sockwatch::model {

class LookupFilter {
 public:
  // `filter` and `reader` outlive this; the rows are those of the reader.
  LookupFilter(const store::Filter& filter, const store::Reader& reader,
               const std::vector<store::ProcessRow>& processes);

  bool accepts(const store::ResolutionRow& row) const;
  bool accepts_process(std::int64_t process_id) const;  // by program alone

 private:
  const store::Filter& filter_;
  const store::Reader& reader_;
  std::unordered_set<std::int64_t> wanted_;
};

}  // namespace sockwatch::model
