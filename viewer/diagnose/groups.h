// The files of the groups family.
#pragma once

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_flow_rules(Rules& rules);     // FLOWHOLE QUEUEFULL
void add_address_rules(Rules& rules);  // BADADDR STARVED V6BAD

}  // namespace sockwatch::diagnose
