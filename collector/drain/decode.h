// One publication of a ring → one observation.
//
// Depends on nothing but bytes that anybody may have written: no clock, no I/O, any input allowed.
#pragma once

#include <optional>
#include <span>

#include "collector/connect/observation.h"
#include "shim/wire/event.h"

namespace sockwatch::drain {

// Decodes one after the other into the same observation: making a new one each time takes longer
// than all the checks.
class Decoder {
 public:
  // `publication`: an event and its continuation slots, in private memory. Null if any length,
  // count, index or enumerator in it is not what the wire contract allows. Good until the next.
  const connect::Observation* decode(std::span<const wire::Event> publication);

 private:
  connect::Observation observation_;
  bool has_parts_ = false;  // what came with continuation slots
};

// The same for a single one.
std::optional<connect::Observation> decode(std::span<const wire::Event> publication);

}  // namespace sockwatch::drain
