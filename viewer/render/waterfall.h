// One line an attempt, its phases drawn to scale, the worst first.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/diagnose/settings.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// Keeps the worst rows of however many it is shown: failures before successes, then by the time
// that was lost.
class WorstRows {
 public:
  explicit WorstRows(std::size_t most) : most_(most) {}

  void add(const store::ConnectionRow& row);
  std::uint64_t seen() const { return seen_; }
  std::vector<store::ConnectionRow> take();  // worst first

 private:
  std::size_t most_;
  std::uint64_t seen_ = 0;
  std::vector<store::ConnectionRow> heap_;  // its front is the least bad
};

struct WaterfallFacts {
  std::map<std::string, std::string> trace;
  std::vector<store::ProcessRow> processes;
  std::map<std::int64_t, store::ResolutionRow> lookups;  // those of the rows
  std::uint64_t seen = 0;                                // rows there were in all
};

std::string waterfall(const std::vector<store::ConnectionRow>& rows, const WaterfallFacts& facts,
                      const TextStyle& style);

}  // namespace sockwatch::render
