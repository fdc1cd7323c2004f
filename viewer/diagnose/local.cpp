#include "viewer/diagnose/local.h"

namespace sockwatch::diagnose {

void add_local_rules(Rules& rules) {
  add_port_rules(rules);
  add_route_rules(rules);
  add_descriptor_rules(rules);
  add_call_rules(rules);
  add_unix_rules(rules);
}

}  // namespace sockwatch::diagnose
