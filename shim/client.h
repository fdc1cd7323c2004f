// A client socket: what is asked about it, and when its connect phase begins and ends.
//
// Begin:  connect. A blocking one is recorded before the real call too (kBegin), because a signal
//         handler that jumps away, or a kill, may be all that ever ends it.
// End:    what connect returned, or else the first of: a second connect that is not EALREADY,
//         SO_ERROR read by the program, the first successful transfer, getpeername, shutdown,
//         close. The library never reads SO_ERROR itself, because reading clears it.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "shim/record.h"
#include "shim/wire/event.h"

namespace sockwatch::shim::client {

struct Attempt {
  enum class Kind : std::uint8_t {
    unwatched,   // not ours to record
    fresh,       // a new attempt
    again,       // a second connect while the first still runs
    disconnect,  // AF_UNSPEC on a tracked socket
  };
  Kind kind = Kind::unwatched;
  bool nonblocking = false;
  bool fast_open = false;  // made by a send; set by the caller
  bool datagram = false;   // made by a send that names whom its datagram goes to; likewise
  std::uint8_t bits_before = 0;
  Detail* detail = nullptr;
  std::uint64_t start_ns = 0;
  std::uint32_t length = 0;  // bytes of `peer`
  sockaddr_storage peer;
};

// Before the real connect. May publish the kBegin event.
void prepare(Attempt& attempt, int fd, const sockaddr* address, socklen_t length);
// After it. Not called for an unwatched attempt.
void finish(const Attempt& attempt, int fd, Outcome outcome);

// Adds the TCP picture to `record` where the socket has one. False: the descriptor is no longer the
// socket the table knows; it was forgotten, and the record must be abandoned.
bool add_picture(Record& record, int fd, const Detail& detail);

// Adds what belongs to the end of a connect phase (picture, and the local address if the connect
// could not tell it), publishes, and marks the phase as over. `picture`: one that was taken for
// this event already, or nullptr.
void publish_phase_end(Record& record, int fd, Detail& detail,
                       const wire::TcpPicture* picture = nullptr);

// errno values of a transfer that prove the connection, or the attempt at one, to be over.
bool ends_connection(int error);

// Whether the number is still the socket the table knows, as far as we may ask.
bool is_still(int fd);

// A TCP socket of this process's own that was never connected: MSG_FASTOPEN may connect it.
bool may_open_fast(int fd);

// A datagram socket of the internet's families that this process made.
bool may_open_datagram(int fd);

// Non-blocking as the program would find it now; false where we may not ask.
bool is_nonblocking(int fd);

}  // namespace sockwatch::shim::client
