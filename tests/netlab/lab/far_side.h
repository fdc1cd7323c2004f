// A place some milliseconds away, without a second machine or namespace.
#pragma once

#include <chrono>

#include "tests/netlab/lab/server.h"

namespace sockwatch::netlab {

// Connect to kFarAddress to reach a server that listens on kNearAddress (or 0.0.0.0): every packet,
// the handshake's too, takes `one_way` in each direction. Error where the machine permits no TUN
// device.
inline constexpr const char* kNearAddress = "10.9.1.1";
inline constexpr const char* kFarAddress = "10.9.1.2";

Result<Server> open_far_side(const Namespace& network, std::chrono::milliseconds one_way);

}  // namespace sockwatch::netlab
