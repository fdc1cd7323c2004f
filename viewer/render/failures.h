// The failed attempts in groups, each with the evidence it shares.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "viewer/diagnose/finding.h"
#include "viewer/model/summary.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// Of the groups `chosen`, indexes into summary.failures. Ends with the command that lists attempts.
// Empty where nothing failed.
std::string failures(const model::Summary& summary, const TextStyle& style,
                     const std::vector<std::size_t>& chosen);

// The groups no finding speaks for. A group counts as told if findings, or those inside of them,
// name all its attempts; where there are too many to name, if they name its first one and have at
// least as many attempts as it has.
std::vector<std::size_t> undiagnosed(const model::Summary& summary,
                                     const std::vector<diagnose::Finding>& findings);

}  // namespace sockwatch::render
