// One publication of a ring → one observation.
//
// A pure function of bytes that anybody may have written: no clock, no I/O, no state, any input
// allowed.
#pragma once

#include <optional>
#include <span>

#include "collector/connect/observation.h"
#include "shim/wire/event.h"

namespace sockwatch::drain {

// `publication`: an event and its continuation slots, in private memory. Empty if any length,
// count, index or enumerator in it is not what the wire contract allows; nothing of it may be used
// then.
std::optional<connect::Observation> decode(std::span<const wire::Event> publication);

}  // namespace sockwatch::drain
