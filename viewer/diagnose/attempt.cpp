#include "viewer/diagnose/diagnose.h"
#include "viewer/model/destination.h"

namespace sockwatch::diagnose {
namespace {

using model::Ending;
using model::Outcome;

bool ended_while_connecting(Outcome outcome) {
  switch (outcome) {
    case Outcome::timed_out_kernel:
    case Outcome::timed_out_caller:
    case Outcome::superseded:
    case Outcome::cancelled:
    case Outcome::abandoned:
    case Outcome::pending:
      return true;
    default:
      return false;
  }
}

// A counter of 0 proves nothing by itself: a packet must have gone out. The kernel takes a blocking
// socket apart when connect fails, so there the counters are missing; that it gave up with
// ETIMEDOUT and not with the errno of an ICMP message is proof enough.
bool nothing_came_back(const Attempt& attempt) {
  const auto& row = attempt.row;
  if (!attempt.tcp) return false;
  const bool sent = row.segs_out.value_or(0) > 0 || row.syn_retransmits.value_or(0) > 0;
  if (row.segs_in) return sent && *row.segs_in == 0;
  return attempt.is(Outcome::timed_out_kernel);
}

bool went_well(const Attempt& attempt) {
  const auto& row = attempt.row;
  if (!attempt.is(Outcome::connected) || row.error || row.syn_retransmits.value_or(0) > 0 ||
      !row.first_receive_ns) {
    return false;
  }
  return !attempt.ending || attempt.is(Ending::closed) || attempt.is(Ending::peer_closed) ||
         attempt.is(Ending::open);
}

}  // namespace

Attempt examine(const store::ConnectionRow& row) {
  Attempt attempt{row};
  attempt.tcp = row.protocol == "tcp";
  const auto [outcome, ending] = model::course_of(row);
  attempt.outcome = outcome;
  attempt.ending = ending;
  attempt.failed = (attempt.outcome && model::is_failure(*attempt.outcome)) ||
                   (attempt.ending && model::is_failure(*attempt.ending));
  attempt.healthy = went_well(attempt);
  attempt.connecting = attempt.outcome && ended_while_connecting(*attempt.outcome);
  attempt.silent = attempt.connecting && nothing_came_back(attempt);
  const store::OptInt end = row.decided_ns ? row.decided_ns : row.closed_ns;
  if (end && *end > row.started_ns) attempt.elapsed_ns = *end - row.started_ns;
  return attempt;
}

}  // namespace sockwatch::diagnose
