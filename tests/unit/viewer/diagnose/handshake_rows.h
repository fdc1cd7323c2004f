// What the tests of handshake rules share: attempts that failed or came late.
#pragma once

#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {

using diagnose::Confidence;
using diagnose::Finding;
using diagnose::Severity;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

inline std::vector<Finding> findings(const Rows& rows) {
  return run(&diagnose::add_handshake_rules, rows);
}
inline std::vector<std::string> found(const Rows& rows) { return ids(findings(rows)); }

// Blocking, or by SO_ERROR: `error` after `took`.
inline store::ConnectionRow& failed(Rows& rows, store::Ns at, std::int64_t error,
                                    std::string outcome, store::Ns took,
                                    std::string address = "10.0.0.7") {
  auto& row = rows.attempt(at, std::move(address), 443);
  row.outcome = std::move(outcome);
  row.error = error;
  row.decided_ns = row.started_ns + took;
  row.noticed_ns = row.decided_ns;
  row.closed_ns = row.decided_ns;
  row.segs_out = 1;
  row.segs_in = 0;
  row.syn_retransmits = 0;
  return row;
}

inline store::ConnectionRow& late(Rows& rows, store::Ns at, std::int64_t resends, store::Ns took) {
  auto& row = rows.connected(at, "10.0.0.7", 443, std::nullopt, took);
  row.syn_retransmits = resends;
  row.rtt_us = 2000;
  return row;
}

}  // namespace sockwatch::testing
