// Bytes sent and received on a tracked socket.
//
// Recorded: what moves a connection on. The first send of a turn, the first receive after it, the
// end of the stream, and every error that is not "try again". Everything with
// SOCKWATCH_DETAIL=calls.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdint>

#include "shim/client.h"
#include "shim/clock.h"
#include "shim/fd_table.h"
#include "shim/record.h"
#include "shim/state.h"

namespace sockwatch::shim::transfer {

// What was before a send that opens a turn.
struct Pause {
  std::uint64_t idle_ns = 0;   // since the last byte either way; 0: there was none, or not known
  std::uint8_t tcp_state = 0;  // 0: not read
};

struct Call {
  wire::Op op;
  int fd;
  int flags;          // MSG_
  std::uint8_t bits;  // of the descriptor, before the call
  std::uint64_t start_ns;
  Pause pause;
};

// A send that may open a turn says so before the bytes are gone: the reply can be received by
// another thread before the send has returned. And after a longer pause the state of the connection
// is asked for now, because a send that fails takes it apart.
Pause about_to_send(int fd, std::uint8_t bits, std::uint64_t start_ns);
// Bytes moved and nothing more is to be told of it. Leaves errno alone.
void moved(int fd);
// `first_byte` matters only if something was sent and nothing was before: -1 where it is not known.
void sent(const Call& call, Outcome outcome, int first_byte);
// `asked` is false if the program asked for no bytes at all: 0 is no end of file then.
void received(const Call& call, Outcome outcome, bool asked);

inline bool awaits_bytes(std::uint8_t bits) {
  return (bits & kAwaiting) != 0 || (bits & (kReceived | kEnded)) == 0;
}
// The first byte a call is about to send, -1 where there is none, or none that can be read. Read
// before the call: once the bytes are gone whoever received them may have given the buffer back.
int first_byte_of(const void* bytes, std::size_t size);
int first_byte_of(const iovec* parts, std::size_t count);
int first_byte_of(const msghdr* message);
bool any_room(const iovec* parts, std::size_t count);

// The tracked half of a call stands apart so that the untracked one has no stack frame.
template <class Real, class FirstByte>
[[gnu::noinline]] auto send_tracked(wire::Op op, int fd, int flags, std::uint8_t bits,
                                    FirstByte first_byte, Real real) {
  if (thread::is_foreign(process::current())) [[unlikely]] {
    return real();
  }
  // Asked once for each connection: a close may have passed us by. While it connects there is a
  // picture to come, which shows it.
  if ((bits & (kSent | kConnecting)) == 0 && !client::is_still(fd)) [[unlikely]] {
    fd_table::forget(fd);
    return real();
  }
  const bool all = state::settings.every_call;
  const bool opens_turn = (bits & kAwaiting) == 0;
  Call call{op, fd, flags, bits, all || opens_turn ? clock::now_ns() : 0, {}};
  if (opens_turn) {
    call.pause = about_to_send(fd, bits, call.start_ns);
  }
  int byte = -1;
  if ((bits & kSent) == 0) {
    const int error_before = errno;
    byte = first_byte();
    errno = error_before;
  }
  const auto result = real();
  // The turn has begun already and nothing went wrong.
  if (result >= 0 && (bits & (kConnecting | kAwaiting)) == kAwaiting && !all) {
    moved(fd);
    return result;
  }
  const int error = errno;
  sent(call, {static_cast<long>(result), error}, result > 0 ? byte : -1);
  errno = error;
  return result;
}

// Runs `real` for a sending call. `first_byte` is a function and called only before the first send
// of a connection.
template <class Real, class FirstByte>
inline auto send_through(wire::Op op, int fd, int flags, FirstByte first_byte, Real real) {
  const std::uint8_t bits = fd_table::bits(fd);
  if ((bits & kTracked) == 0) [[likely]] {
    return real();
  }
  return send_tracked(op, fd, flags, bits, first_byte, real);
}

template <class Real, class Asked>
[[gnu::noinline]] auto receive_tracked(wire::Op op, int fd, int flags, std::uint8_t bits,
                                       Asked asked, Real real) {
  if (thread::is_foreign(process::current())) [[unlikely]] {
    return real();
  }
  const bool all = state::settings.every_call;
  // Awaiting a reply or a greeting, the call may block until the caller's own time-out: its length
  // matters.
  const bool timed = all || (awaits_bytes(bits) && (flags & MSG_DONTWAIT) == 0);
  const std::uint64_t start_ns = timed ? clock::now_ns() : 0;
  const auto result = real();
  // Another thread may have sent the request while this one waited.
  bits = static_cast<std::uint8_t>(bits | (fd_table::bits(fd) & kAwaiting));
  const Call call{op, fd, flags, bits, start_ns, {}};
  if (result > 0 && (bits & (kConnecting | kAwaiting | kReceived)) == kReceived && !all) {
    if ((flags & (MSG_PEEK | MSG_ERRQUEUE)) == 0) {
      moved(fd);
      fd_table::note_received(process::current());
    }
    return result;
  }
  const int error = errno;
  received(call, {static_cast<long>(result), error}, result != 0 || asked());
  errno = error;
  return result;
}

// The same for a receiving call. `asked` is a function: did the program ask for any bytes? Called
// only after the kernel accepted the call.
template <class Real, class Asked>
inline auto receive_through(wire::Op op, int fd, int flags, Asked asked, Real real) {
  const std::uint8_t bits = fd_table::bits(fd);
  if ((bits & kTracked) == 0) [[likely]] {
    return real();
  }
  return receive_tracked(op, fd, flags, bits, asked, real);
}

}  // namespace sockwatch::shim::transfer
