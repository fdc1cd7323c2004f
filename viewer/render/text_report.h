// What `report` prints, and `run` at its end: first what was seen at all, then the verdict, the
// destinations, the diagnoses, the failures no diagnosis speaks of, the lookups, and what was lost.
#pragma once

#include <string>
#include <vector>

#include "viewer/diagnose/finding.h"
#include "viewer/model/summary.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

std::string text_report(const model::Summary& summary,
                        const std::vector<diagnose::Finding>& findings, const TextStyle& style);

}  // namespace sockwatch::render
