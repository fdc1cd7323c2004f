// The rules of this host, by file. Private to this folder.
#pragma once

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_port_rules(Rules& rules);        // PORTS
void add_route_rules(Rules& rules);       // V6-OFF NOROUTE LOCALDENY SELF
void add_descriptor_rules(Rules& rules);  // FDS FDSET
void add_call_rules(Rules& rules);        // SNDTIMEO EINTR
void add_unix_rules(Rules& rules);        // UNIXFULL UNIXGONE

}  // namespace sockwatch::diagnose
