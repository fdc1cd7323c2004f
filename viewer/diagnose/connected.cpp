#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_connected_rules(Rules&) {}

}  // namespace sockwatch::diagnose
