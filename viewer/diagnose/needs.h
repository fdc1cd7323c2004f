// Which rules must see the plain attempts (viewer/model/plain.h) of a long trace, and where.
//
// Most plain attempts tell most rules nothing: their findings speak of attempts that were not
// plain, and need the plain ones to the same place only to compare and to count. So a trace is
// surveyed first for what troubled its attempts, and then a rule is shown the plain attempts of
// those places only where there was trouble of its kind. All other attempts every rule sees.
//
// Of a plain attempt these columns are shown, the others are empty: id, process_id, tid, family,
// protocol, blocking, peer_*, local_port, resolution_id, started_ns, decided_ns, noticed_ns,
// first_send_ns, first_receive_ns, closed_ns, outcome, syn_retransmits, rtt_us, turns.
#pragma once

#include <cstdint>
#include <string_view>

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

// A set of these.
using Troubles = std::uint32_t;
enum Trouble : Troubles {
  kNoTrouble = 0,
  kFailed = 1U << 0,        // as Attempt says
  kRefused = 1U << 1,       //
  kRejected = 1U << 2,      //
  kDenied = 1U << 3,        // by this host: local_error, unreachable
  kLate = 1U << 4,          // connected after a SYN was sent again
  kUnanswered = 1U << 5,    // no packet came back, or the kernel gave up
  kCutShort = 1U << 6,      // no packet came back to the only SYN
  kMute = 1U << 7,          // connected, and nothing received
  kSelf = 1U << 8,          // own port and peer's port are the same
  kStoodStill = 1U << 9,    // a blocking connect that took 100 ms or longer
  kLookedUp = 1U << 10,     // no packet came back to an attempt whose name was looked up
  kDescriptors = 1U << 11,  // none was left, for an attempt or before there was one
  // Of the whole trace from the start.
  kProxy = 1U << 12,  // there is one
  kNode = 1U << 13,   // the programs include Node.js
};

// Of an attempt that is not plain.
Troubles troubles_of(const Attempt& attempt);

struct Need {
  bool always = false;      // every plain attempt
  Troubles at_place = 0;    // those to a place with one of these
  Troubles at_service = 0;  // likewise
  // Every one, where the trace has one of these.
  Troubles anywhere = 0;
  bool is_declared = true;  // false: nobody has said so, the rule must see whole rows

  // How they are shown. In order is only what a rule may have to compare: attempts to one place
  // with each other (plain_run.h), those to one service, or all.
  bool by_place(Troubles place) const { return always || (at_place & place) != 0; }
  bool by_service(Troubles service) const { return (at_service & service) != 0; }
  bool everywhere(Troubles trace) const { return (anywhere & trace) != 0; }
};

// By Entry::id of a rule that wants healthy attempts.
Need need_of(std::string_view rule);

}  // namespace sockwatch::diagnose
