// Whether a connection got no reply to a request, and whether anybody waited for one. Pure
// functions of a row.
#pragma once

#include <optional>

#include "viewer/diagnose/rule.h"

namespace sockwatch::diagnose {

// As few segments as a request needs, and one more (head and body apart) if there was but one wait.
// A few lines of a log are more, and may have nothing to do with the wait that ran out.
bool in_few_pieces(const store::ConnectionRow& row);

// The wait was for this socket alone; epoll waits for all sockets of a set, and says of none that
// something is expected there.
bool waited_for_this(const store::ConnectionRow& row);

// No reply to the first request, though the network brought it there.
std::optional<Confidence> no_reply(const Attempt& attempt);

// A later request on a connection that had replies before, given up by the program's own clock.
// Under TLS only where one single wait for this very socket ran out and the end came then: HTTP/2
// sends what nobody answers.
bool later_silence(const Attempt& attempt);

// The first request under TLS: after the handshake nothing came but, perhaps, what the server sent
// at once. TLS 1.3 servers send tickets then; an answer that stopped at once looks alike.
bool silence_behind_tls(const Attempt& attempt);

}  // namespace sockwatch::diagnose
