// TCP_INFO pictures → columns. A column whose field the running kernel does not fill, or that would
// say something else than its name, stays NULL.
#pragma once

#include "collector/store/rows.h"
#include "shim/wire/event.h"

namespace sockwatch::connect {

// The kernel takes a socket whose blocking connect failed (or that was shut down in SYN_SENT) apart
// before anybody can look: state CLOSE and counters 0, although packets went out. Only
// `retransmits` survives. Such a picture proves nothing about segments.
bool is_wiped(const wire::TcpPicture& tcp);

// At the end of the connect phase. `sent`: a SYN is known to have gone out, so zeros of a wiped
// picture are not believed.
void record_handshake(const wire::TcpPicture& tcp, bool sent, store::ConnectionRow& row);

// Whether the peer's FIN has arrived, where the state cannot tell: in CLOSE it may have come before
// the reset, or have been the orderly end.
enum class PeerFin { unknown, arrived, never };

// Any later look; the last one that was not wiped wins.
void record_last(const wire::TcpPicture& tcp, PeerFin fin, store::ConnectionRow& row);

// The socket went on after the last look, and nobody looked at its end: what that look counted is
// no total.
void forget_last(store::ConnectionRow& row);

}  // namespace sockwatch::connect
