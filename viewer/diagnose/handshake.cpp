// The rules about single attempts that get no connection, or get it late.
#include "viewer/diagnose/handshake.h"

namespace sockwatch::diagnose {

void add_handshake_rules(Rules& rules) {
  add_silence_rules(rules);
  add_cap_rule(rules);
  add_refusal_rules(rules);
  add_explained_refusal_rules(rules);
  add_rejection_rules(rules);
  add_late_rules(rules);
}

}  // namespace sockwatch::diagnose
