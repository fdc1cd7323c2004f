// From a trace to its diagnoses.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "collector/store/reader.h"
#include "viewer/diagnose/finding.h"
#include "viewer/diagnose/long_trace.h"
#include "viewer/diagnose/rule.h"
#include "viewer/model/summary.h"

namespace sockwatch::diagnose {

// Worst first: errors, warnings, infos; among errors those of the place where they account for most
// failed attempts, else what was seen more often, then the more certain; hints (low confidence)
// last.
// Findings that another one explains stand inside that one, which is then at least as severe.
// Every finding has its id.
//
// Of `filter`, destination, program and time choose what the rules see. Outcome and connect time do
// not: they would take away the successes a failure must be compared with. Findings none of whose
// attempts they choose are left out afterwards; the others keep their ids and counts.
//
// `summary` gets every attempt the rules see, so that nobody reads them all once more for it.
Result<std::vector<Finding>> diagnose(const store::Reader& reader, const store::Filter& filter,
                                      model::SummaryBuilder* summary = nullptr);

// The same for rows at hand: shows the rows to `rules`, takes their findings, groups, sorts and
// numbers them. For tests and for those who read the trace anyway. Rows come in the order rule.h
// promises the rules.
class Session {
 public:
  Session(Settings settings, Rules rules, bool filtered = false);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void add(const store::ProcessRow& row);
  void add(const store::LossRow& row);
  void add(const store::ListenerRow& row);
  void add(const store::FailedCallRow& row);
  void add(const store::ResolutionRow& row);
  void add(const store::ConnectionRow& row);
  // Instead of the attempts one by one, after all other rows. Empty: not with these rules, add the
  // rows. Outlived by the session.
  std::unique_ptr<LongTrace> begin_long_trace();

  std::vector<Finding> finish();

  // Attempts no rule saw, because there were more than Places::kLimit places.
  std::int64_t unexamined() const { return context_.unexamined; }

 private:
  Settings settings_;
  Places places_;
  Programs programs_;
  LookupEnds lookup_ends_;
  Context context_;
  Rules rules_;
  std::vector<Rule*> for_healthy_;
  Troubles troubles_ = kNoTrouble;  // seen before the attempts
};

// What rules ask of a row.
Attempt examine(const store::ConnectionRow& row);

// An entry of the catalogue by its id, in any case.
const Entry* find_entry(std::string_view id);

}  // namespace sockwatch::diagnose
