// From a trace to its summary.
#pragma once

#include <functional>

#include "collector/store/reader.h"
#include "viewer/model/summary.h"

namespace sockwatch::model {

// `filter` chooses connections. Lookups follow it as far as it can speak of them: destination (the
// name or an address), program and time; outcome and connect time leave them all in. Listeners
// follow the program.
Result<Summary> load_summary(const store::Reader& reader, const store::Filter& filter);

// The same where somebody else reads the connections and the lookups: `add_all` is called once and
// adds each of those the filter chooses.
Result<Summary> load_summary(const store::Reader& reader, const store::Filter& filter,
                             const std::function<Status(SummaryBuilder&)>& add_all);

// When the trace began, for times given relative to it: the first process, else the first
// connection. Empty in an empty trace.
Result<store::OptInt> first_moment(const store::Reader& reader);

bool is_empty(const store::Filter& filter);

// Chooses attempts by how they went. Findings rest on the others as well, and count them.
bool by_course(const store::Filter& filter);

}  // namespace sockwatch::model
