// What a rule of the catalogue says of itself. `explain`, the manual page and the catalogue page
// are made from these words, so that none of them can disagree with the rule.
#pragma once

#include <string_view>
#include <vector>

namespace sockwatch::diagnose {

enum class Family { lookup, local, handshake, connected, client };

struct Entry {
  std::string_view id = {};  // "SYNDROP": stable, people put it into scripts
  Family family = Family::handshake;
  std::string_view title = {};      // "SYN never answered, client gave up"
  std::string_view signature = {};  // the rule in words, with its bounds
  std::string_view meaning =
      {};  // for somebody who has never seen a SYN: what happened, step by step
  std::string_view not_this = {};  // what it is often taken for, and what tells the two apart
  std::vector<std::string_view> next = {};  // commands or changes, the most telling first
};

}  // namespace sockwatch::diagnose
