// The table of destinations: what was tried, what became of it, how long it took.
#pragma once

#include <string>
#include <vector>

#include "viewer/model/names.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// Columns of outcomes nobody had are left out. Times are of connects that succeeded. Ends with
// lines that explain what a newcomer cannot know.
std::string destination_table(const model::Summary& summary,
                              const std::vector<model::NameGroup>& groups, const TextStyle& style);

}  // namespace sockwatch::render
