// From a trace to its diagnoses.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "collector/store/reader.h"
#include "viewer/diagnose/finding.h"
#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

// Worst first: errors, warnings, infos; among equals the more certain, then the more frequent.
// Findings that another one explains stand inside that one. Every finding has its id.
Result<std::vector<Finding>> diagnose(const store::Reader& reader, const store::Filter& filter);

// The same for rows at hand: shows the rows to `rules`, takes their findings, groups and sorts
// them. For tests and for those who read the trace anyway.
class Session {
 public:
  Session(Settings settings, Rules rules);

  void add(const store::ProcessRow& row);
  void add(const store::ListenerRow& row);
  void add(const store::FailedCallRow& row);
  void add(const store::ResolutionRow& row);
  void add(const store::ConnectionRow& row);

  std::vector<Finding> finish();

 private:
  Settings settings_;
  Rules rules_;
  Rules::size_type healthy_ = 0;
};

// An entry of the catalogue by its id, in any case.
const Entry* find_entry(std::string_view id);

}  // namespace sockwatch::diagnose
