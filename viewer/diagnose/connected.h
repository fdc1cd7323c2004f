// The files of the connected family.
#pragma once

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_unanswered_rules(Rules& rules);   // SILENT NEVERREAD TLSHANG HELLOHANG
void add_stopped_rules(Rules& rules);      // STALLED
void add_broken_path_rules(Rules& rules);  // PATHLOST IDLEDROP ZEROWIN LONGHANG
void add_mtu_rules(Rules& rules);          // MTUOUT MTUIN
void add_torn_down_rules(Rules& rules);    // IDLERST STALEPOOL LATERESET

}  // namespace sockwatch::diagnose
