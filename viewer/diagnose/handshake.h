// The files of the handshake family.
#pragma once

#include "viewer/diagnose/cases.h"
#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

// The kernel counts fewer packets than SYNs: it sends none again while the first still waits in a
// queue of this host (EBUSY of tcp_retransmit_skb), mostly for the address of a neighbour.
inline bool never_left(const Attempt& attempt) {
  const auto& row = attempt.row;
  return is_tcp(attempt) && attempt.silent && row.syn_retransmits.value_or(0) >= 1 &&
         row.segs_out.value_or(0) > 0 && *row.segs_out <= *row.syn_retransmits;
}

inline bool program_gave_up(const Attempt& attempt) {
  return attempt.is(model::Outcome::timed_out_caller) || attempt.is(model::Outcome::cancelled);
}

void add_silence_rules(Rules& rules);            // SYNDROP SYNGIVEUP SHORTTO
void add_cap_rule(Rules& rules);                 // ATTEMPTCAP
void add_refusal_rules(Rules& rules);            // REFUSED
void add_explained_refusal_rules(Rules& rules);  // REFUSED6 NOTYET
void add_rejection_rules(Rules& rules);          // REJECTED NEIGH HSRESET
void add_late_rules(Rules& rules);               // SYNLOST SNATRACE FAR PORTREUSE

}  // namespace sockwatch::diagnose
