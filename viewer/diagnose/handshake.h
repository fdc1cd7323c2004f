// The files of the handshake family.
#pragma once

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_silence_rules(Rules& rules);    // SYNDROP SYNGIVEUP SHORTTO ATTEMPTCAP
void add_refusal_rules(Rules& rules);    // REFUSED REFUSED6 NOTYET
void add_rejection_rules(Rules& rules);  // REJECTED NEIGH HSRESET
void add_late_rules(Rules& rules);       // SYNLOST SNATRACE FAR PORTREUSE

}  // namespace sockwatch::diagnose
