// Traces of attempts of every kind in any mixture: for what must be the same of all traces.
#pragma once

#include <cstdint>

#include "tests/unit/viewer/diagnose/rows.h"

namespace sockwatch::testing {

// The same of the same seed. Most attempts are plain, the others close to what the rules look for;
// attempts come as they started.
Rows random_rows(std::uint64_t seed, int attempts);

}  // namespace sockwatch::testing
