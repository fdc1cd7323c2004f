// The section of the report that says why.
#pragma once

#include <string>
#include <vector>

#include "viewer/diagnose/finding.h"
#include "viewer/render/style.h"
#include "viewer/render/wall_clock.h"

namespace sockwatch::render {

// Empty without findings.
std::string diagnoses(const std::vector<diagnose::Finding>& findings, const WallClock& clock,
                      const TextStyle& style);

// "high confidence, 184 of 438 (42 %), first 14:03:02, last 14:05:11"
std::string weight(const diagnose::Finding& finding, const WallClock& clock,
                   const TextStyle& style);

// "E1 BADADDR", in the colour of its severity.
std::string finding_title(const diagnose::Finding& finding, const TextStyle& style);

// The command for more on a finding: "sockwatch explain trace.sockwatch E1".
std::string explain_command(const diagnose::Finding& finding, const TextStyle& style);

}  // namespace sockwatch::render
