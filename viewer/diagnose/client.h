// The rules of how programs behave, by file. Private to this folder.
#pragma once

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_rate_rules(Rules& rules);      // STORM CHURN
void add_program_rules(Rules& rules);   // BLOCKLOOP VIAPROXY SERVERQ
void add_coverage_rules(Rules& rules);  // NOATTEMPT BLIND

}  // namespace sockwatch::diagnose
