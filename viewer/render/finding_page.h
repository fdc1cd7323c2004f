// `explain E1`: one finding, with what proves it and the attempts behind it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "collector/store/rows.h"
#include "viewer/diagnose/entry.h"
#include "viewer/diagnose/finding.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

struct FindingFacts {
  std::map<std::string, std::string> trace;
  std::vector<store::ProcessRow> processes;
  std::vector<store::ConnectionRow> attempts;     // the first few of the finding, oldest first
  std::vector<store::ResolutionRow> resolutions;  // likewise
};

inline constexpr std::size_t kAttemptsShown = 8;

// `entry`: of the finding's rule, nullptr where the catalogue has none.
std::string finding_page(const diagnose::Finding& finding, const diagnose::Entry* entry,
                         const FindingFacts& facts, const TextStyle& style);

}  // namespace sockwatch::render
