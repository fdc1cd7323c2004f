// The destinations as a person thinks of them: one entry per name and port, the addresses beneath
// it only where they fared differently.
#pragma once

#include <vector>

#include "viewer/model/summary.h"

namespace sockwatch::model {

struct NameGroup {
  std::vector<std::size_t> members;  // indexes into Summary::destinations, worst first
  Tally tally;                       // of all members
  bool addresses_differ = false;
  bool others = false;  // see Destination::others
};

// Worst first. A destination without a name is a group of its own.
std::vector<NameGroup> group_by_name(const Summary& summary);

// Whether two addresses of one name fared so differently that a reader must see them apart: one
// fails and the other does not, their share of failures is 10 points apart, or one takes more than
// twice (and a millisecond) as long to connect, judged on at least 5 attempts each.
bool fare_differently(const Tally& a, const Tally& b);

}  // namespace sockwatch::model
