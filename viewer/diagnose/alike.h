// Many findings that say the same of many places: whoever looks for open ports, or asks a list of
// hosts of which most are gone, gets one for each. Told one by one they would bury the others.
#pragma once

#include <vector>

#include "viewer/diagnose/finding.h"

namespace sockwatch::diagnose {

// So many findings of one rule with an attempt or two each become one, which holds them as its
// `explained`; the others keep their order.
inline constexpr std::size_t kManyAlike = 20;
std::vector<Finding> gather_alike(std::vector<Finding> findings);

}  // namespace sockwatch::diagnose
