// The sentence that matters, in front of everything but the coverage.
#pragma once

#include <string>
#include <vector>

#include "viewer/diagnose/finding.h"
#include "viewer/model/names.h"
#include "viewer/model/summary.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// The worst finding where one of them is an error; else the facts, and an all-clear only if no
// attempt and no lookup failed. One paragraph, not wrapped.
std::string verdict(const model::Summary& summary, const std::vector<model::NameGroup>& groups,
                    const std::vector<diagnose::Finding>& findings, const TextStyle& style);

// The destinations in the order of the verdict: those an error speaks of first, as the findings
// have them; then as they are.
void sort_by_errors(std::vector<model::NameGroup>& groups, const model::Summary& summary,
                    const std::vector<diagnose::Finding>& findings);

}  // namespace sockwatch::render
