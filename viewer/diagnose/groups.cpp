// The rules that compare attempts with each other: why some of them fail.
#include "viewer/diagnose/groups.h"

namespace sockwatch::diagnose {

void add_group_rules(Rules& rules) {
  add_flow_rules(rules);
  add_bad_address_rule(rules);
  add_starved_rule(rules);
  add_ipv6_rule(rules);
}

}  // namespace sockwatch::diagnose
