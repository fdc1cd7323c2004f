#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

void add_group_rules(Rules&) {}

}  // namespace sockwatch::diagnose
