// What the rules of lookups share. Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_slow_lookup_rules(Rules& rules);    // DNS-5S DNS-AAAA DNS-DEAD
void add_failed_lookup_rules(Rules& rules);  // DNS-FAIL DNS-NX
void add_lookup_cost_rules(Rules& rules);    // DNS-BUDGET
void add_lookup_pool_rules(Rules& rules);    // DNS-POOL
void add_stale_lookup_rules(Rules& rules);   // DNS-STALE

// Meant for a name server: has a name that is no address and not the host's own.
bool asks_a_nameserver(const store::ResolutionRow& row);

bool found(const store::ResolutionRow& row);
// The name servers did not answer, or failed for now. `result` is EAI_ (negative) or h_errno.
bool try_again(const store::ResolutionRow& row);
bool failed_for_good(const store::ResolutionRow& row);
bool no_such_name(const store::ResolutionRow& row);
// The name exists, and has no address of the family asked for.
bool no_address(const store::ResolutionRow& row);
bool never_ended(const store::ResolutionRow& row);

bool only_ipv4(const store::ResolutionRow& row);

// How many time-outs of the resolver a lookup took: 1 to 3, or 0 if its time is none of them. A
// time-out is never early (half a percent for clocks), and late by at most 3 %: an answer that was
// merely slow seldom comes just then.
int timeouts_taken(store::Ns duration, store::Ns timeout);

// What the resolver may have given up on before it asked for the name itself: the name with the
// first suffix of the search list ("shop.test.corp.example"). Empty where it does not ask for that
// first, or where the lookup took another time than all tries at all name servers. One without a
// dot is meant to be found with a suffix, so that is no other name.
std::string gave_up_on_first(const store::ResolutionRow& row, const Settings& settings);

// A name if there is one, else how many.
std::string subject_of(const std::vector<std::string>& names);

// "dig @10.0.0.2 db.internal A" and AAAA for each name server of the trace.
// Names are quoted where a shell needs it: they come from the recorded program.
std::vector<std::string> dig_commands(const Settings& settings, std::string_view name);
std::string dig(std::string_view name, std::string_view rest);  // "dig db.internal AAAA"
std::string getent_command(std::string_view name);              // "getent ahosts db.internal"

}  // namespace sockwatch::diagnose
