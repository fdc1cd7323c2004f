// Plays incidents, several at a time, each in a process and a private network of its own.
#pragma once

#include <vector>

#include "tests/netlab/incidents/incident.h"
#include "tests/netlab/incidents/matrix.h"

namespace sockwatch::netlab {

// In the order of `incidents`. An incident that hangs is ended after two minutes, and is broken.
// Single-threaded callers only: it forks.
std::vector<Played> play(const std::vector<Incident>& incidents, int at_once);

}  // namespace sockwatch::netlab
