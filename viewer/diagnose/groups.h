// The files of the groups family.
#pragma once

#include <initializer_list>
#include <string_view>

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_flow_rules(Rules& rules);  // FLOWHOLE QUEUEFULL

// Names with several addresses that fare differently.
void add_bad_address_rule(Rules& rules);  // BADADDR
void add_starved_rule(Rules& rules);      // STARVED
void add_ipv6_rule(Rules& rules);         // V6BAD

// What single attempts to a bad address are told as.
inline const std::initializer_list<std::string_view> kAddressFailures = {
    "SYNDROP", "SYNGIVEUP", "SHORTTO", "ATTEMPTCAP", "REFUSED",  "REJECTED", "NEIGH",  "HSRESET",
    "SILENT",  "STALLED",   "TLSHANG", "HELLOHANG",  "PATHLOST", "MTUIN",    "MTUOUT", "LATERESET"};

}  // namespace sockwatch::diagnose
