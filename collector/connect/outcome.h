// The verdicts, as pure functions of the facts that decide them. README.md has the same in a table.
#pragma once

#include <cstdint>
#include <optional>

#include "collector/connect/observation.h"
#include "collector/store/rows.h"
#include "collector/store/words.h"

namespace sockwatch::connect {

using store::Ending;
using store::Outcome;
using store::word;

// A connect that ended with an errno, wherever the program read it.
struct ConnectError {
  int error = 0;
  bool at_once = false;   // see said_at_once
  bool blocking = false;  // the call that said it was allowed to wait
  bool unix_socket = false;
};
Outcome from_error(const ConnectError& facts);

// Was the errno known without an answer from outside? True only for the first connect call on a
// socket. Non-blocking: it cannot wait, so yes. Blocking: the kernel takes the source port after
// it has found a route and keeps showing it after the failure (measured, 6.18), so port 0 proves
// that nothing was sent. With a port (it may have been bound by the program) the call must also
// have taken longer than kNoAnswer, which a missing route never does (10 to 30 us) and an answer
// from outside always. Where the port was not read, kAtOnce is the limit.
struct FirstCall {
  bool waits_for_peer = true;  // TCP; a datagram or unix connect never asks the network
  bool non_blocking = false;
  store::Ns duration_ns = 0;
  std::optional<std::uint16_t> fresh_local_port;  // empty: not read, or not chosen by this connect
  std::optional<wire::TcpPicture> tcp;
};
inline constexpr store::Ns kAtOnce = 1'000'000;
inline constexpr store::Ns kNoAnswer = 100'000;
bool said_at_once(const FirstCall& call);

// The socket was closed (or its number overwritten) before the program learned how its connect
// ended.
struct UnnoticedClose {
  std::optional<wire::TcpPicture> tcp;  // just before the close
  bool undone_by_shutdown = false;  // the program's own shutdown took the socket out of SYN_SENT
  bool seen_writable = false;       // last readiness: POLLOUT without POLLERR and POLLHUP
  bool seen_failed = false;         // last readiness: POLLERR or POLLHUP
  bool waited_out = false;          // a wait of its own expired, and nothing was ready after that
  bool sibling_won = false;
};
Outcome from_unnoticed_close(const UnnoticedClose& facts);

// What is known of a connected socket when it is closed. `first_end` is what the program was told
// first, because what follows is a consequence of it.
struct Talk {
  enum class End { none, end_of_file, reset, kernel_timeout };
  End first_end = End::none;
  bool received = false;         // a byte (or datagram) reached the program or its socket
  bool answer_missing = false;   // sent, and nothing received since
  bool gave_up_on_more = false;  // a wait for bytes not awaited expired, and the program closed
  bool wait_expired = false;     // since that send
  std::optional<std::uint8_t> tcp_state;  // just before the close
};
Ending from_talk(const Talk& facts);

// What an errno of a transfer, or of SO_ERROR after the handshake, says about the connection;
// none: nothing (EAGAIN, EFAULT, ...).
Talk::End end_from_error(int error, bool tcp);
bool is_connection_error(int error);  // for a transfer on a socket that may still be connecting

}  // namespace sockwatch::connect
