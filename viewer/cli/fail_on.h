// --fail-on: which results make `report` and `run` exit with status 1, for scripts and CI.
//
//   refused,timeout>1%,SYNDROP
//
// Each term is an outcome or an ending as a trace says it, `timeout` (all that ran out), `failure`
// (everything that failed), `lookup` (failed name lookups), or the id of a diagnosis. Without a
// limit one is enough; `>N` wants more than N, of a diagnosis in all its findings together; `>N%`
// more than that share: of the attempts, of the lookups, or, in one finding of the diagnosis, of
// what it could have been seen in there. Every address a program tried is an
// attempt, also where it got through on another one afterwards.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/support/result.h"
#include "viewer/diagnose/finding.h"
#include "viewer/model/summary.h"

namespace sockwatch::cli {

inline constexpr int kFailOnMet = 1;  // exit status

struct FailTerm {
  enum class Kind { attempts, lookups, diagnosis };

  std::string text;  // as it was given
  Kind kind = Kind::attempts;
  std::vector<model::Outcome> outcomes;
  std::vector<model::Ending> endings;
  std::string_view rule;   // Entry::id
  bool also_info = false;  // a finding counts also where it is told for information only
  double limit = 0;
  bool percent = false;
};

// An error is one of use. An empty text has no terms.
Result<std::vector<FailTerm>> parse_fail_on(std::string_view text);

// One sentence for each term that is met.
std::vector<std::string> met(const std::vector<FailTerm>& terms, const model::Summary& summary,
                             const std::vector<diagnose::Finding>& findings);

}  // namespace sockwatch::cli
