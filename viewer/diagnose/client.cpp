#include "viewer/diagnose/client.h"

namespace sockwatch::diagnose {

void add_client_rules(Rules& rules) {
  add_rate_rules(rules);
  add_program_rules(rules);
  add_coverage_rules(rules);
}

}  // namespace sockwatch::diagnose
