// What `report` prints, and `run` at its end: first what was seen at all, then one sentence, then
// the destinations, the failures with their evidence, the lookups, and what was lost.
#pragma once

#include <string>

#include "viewer/model/summary.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

std::string text_report(const model::Summary& summary, const TextStyle& style);

}  // namespace sockwatch::render
