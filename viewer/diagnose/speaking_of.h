// Which findings speak of the attempts a filter chooses.
#pragma once

#include <vector>

#include "collector/store/reader.h"
#include "viewer/diagnose/finding.h"

namespace sockwatch::diagnose {

// Leaves out those none of whose attempts, also of those inside them, pass `filter`. The others
// stay as they are. One that does not name all of its attempts also stays where an attempt like one
// it names passes: to the same place, with the same outcome and ending.
Result<std::vector<Finding>> speaking_of(std::vector<Finding> findings, const store::Reader& reader,
                                         const store::Filter& filter);

}  // namespace sockwatch::diagnose
