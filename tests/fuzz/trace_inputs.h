// Traces that anybody may have made.
#pragma once

#include <cstdint>
#include <string>

#include "tests/fuzz/input.h"

namespace sockwatch::fuzz {

// The bytes of one. `how` says in which way: rows with any values (wrong types, times at the ends
// of the range, words that are none), a good file with bytes written over, statements of SQL
// (triggers, views, other columns), or just bytes.
std::string any_trace(Input& input, std::uint8_t how);

}  // namespace sockwatch::fuzz
