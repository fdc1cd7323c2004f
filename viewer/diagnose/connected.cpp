// The rules about connections that came up and then had trouble.
#include "viewer/diagnose/connected.h"

namespace sockwatch::diagnose {

void add_connected_rules(Rules& rules) {
  add_unanswered_rules(rules);
  add_stopped_rules(rules);
  add_broken_path_rules(rules);
  add_mtu_rules(rules);
  add_torn_down_rules(rules);
}

}  // namespace sockwatch::diagnose
