// The sentence a person reads first. Facts only; causes are for the diagnoses.
#pragma once

#include <string>
#include <vector>

#include "viewer/model/names.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// One paragraph, not wrapped.
std::string headline(const model::Summary& summary, const std::vector<model::NameGroup>& groups,
                     const TextStyle& style);

}  // namespace sockwatch::render
