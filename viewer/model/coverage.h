// What a recording could not see, in words a person can act on.
#pragma once

#include <string>
#include <string_view>

namespace sockwatch::model {

struct Reason {
  std::string what;  // completes "not seen: it ..."; empty for a process that was seen
  std::string next_step;
};

bool was_seen(std::string_view coverage);

// Of a process, by column `coverage`.
Reason why_not_seen(std::string_view coverage);

// Of lost records, by column `cause`.
Reason why_lost(std::string_view cause);

}  // namespace sockwatch::model
