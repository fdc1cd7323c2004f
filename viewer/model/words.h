// The words a trace uses for how a connection went (collector/store/words.h), and what the viewer
// counts them as.
#pragma once

#include <optional>
#include <string_view>

#include "collector/store/words.h"

namespace sockwatch::model {

using store::Ending;
using store::kEndingWords;
using store::kOutcomeWords;
using store::Outcome;
using store::word;

// Empty for a word this version does not know (a trace of a newer one).
std::optional<Outcome> parse_outcome(std::string_view text);
std::optional<Ending> parse_ending(std::string_view text);

// What the program asked for did not happen. Not among them: `superseded` and `cancelled`, where
// the program itself no longer wanted the connection, and `pending`, where nobody knows yet.
bool is_failure(Outcome outcome);
bool is_failure(Ending ending);

}  // namespace sockwatch::model
