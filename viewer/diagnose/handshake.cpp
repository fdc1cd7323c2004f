#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_handshake_rules(Rules&) {}

}  // namespace sockwatch::diagnose
