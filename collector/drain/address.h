// Socket addresses from raw bytes, in the words of a trace.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "collector/connect/observation.h"
#include "shim/wire/event.h"

namespace sockwatch::drain {

// `bytes`: a struct sockaddr as the kernel accepted or returned it. Empty if it is shorter than its
// family needs. IPv4-mapped IPv6 becomes ipv4. A Unix path is kept byte for byte; an abstract name
// gets a leading @ and has @ for every NUL. Families we have no text for are "other".
std::optional<connect::Address> decode_address(std::span<const std::byte> bytes);

// Text of a looked-up address; empty if its family is neither AF_INET nor AF_INET6.
std::optional<std::string> decode_resolved(const wire::ResolvedAddress& address);

}  // namespace sockwatch::drain
