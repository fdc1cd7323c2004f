// The order of findings: the first one is the verdict of the report.
#pragma once

#include <vector>

#include "viewer/diagnose/finding.h"
#include "viewer/diagnose/places.h"

namespace sockwatch::diagnose {

// Errors, warnings, infos; hints (low confidence) last among them; then what was seen more often,
// then the more certain.
bool before(const Finding& a, const Finding& b);

// The same, but the errors of a place count together: that at which errors account for most failed
// attempts comes first, with the one seen most often there.
void sort_worst_first(std::vector<Finding>& findings, const Places& places);

}  // namespace sockwatch::diagnose
