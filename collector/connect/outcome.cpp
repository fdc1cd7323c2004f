#include "collector/connect/outcome.h"

#include <netinet/tcp.h>

#include <cerrno>

namespace sockwatch::connect {

namespace {

// Path and queue of a unix socket are on this host: every errno but "nobody listens" is local.
Outcome from_unix_error(const ConnectError& facts) {
  if (facts.error == ECONNREFUSED) return Outcome::refused;
  // unix(7) waits for room in the queue up to SO_SNDTIMEO; without permission to wait, EAGAIN
  // means the queue is full now.
  if (facts.error == EAGAIN && facts.blocking) return Outcome::timed_out_caller;
  return Outcome::local_error;
}

}  // namespace

Outcome from_error(const ConnectError& facts) {
  if (facts.unix_socket) return from_unix_error(facts);
  switch (facts.error) {
    case ECONNREFUSED:
      return Outcome::refused;
    case ETIMEDOUT:
      return Outcome::timed_out_kernel;
    case ECONNRESET:
      return Outcome::reset;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EACCES:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
      return facts.at_once ? Outcome::unreachable : Outcome::rejected;
    case ENETDOWN:
      return facts.at_once ? Outcome::unreachable : Outcome::failed;
    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case EPERM:
    case EINVAL:
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAFNOSUPPORT:
    case EPFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ESOCKTNOSUPPORT:
    case EPROTOTYPE:
    case EDESTADDRREQ:
    case EFAULT:
    case EBADF:
    case ENOTSOCK:
      return Outcome::local_error;
    default:
      return Outcome::failed;
  }
}

bool said_at_once(const FirstCall& call) {
  if (!call.waits_for_peer || call.non_blocking) return true;
  if (call.tcp && (call.tcp->retransmits > 0 || call.tcp->segs_out > 0)) return false;
  if (call.fresh_local_port) return *call.fresh_local_port == 0 || call.duration_ns < kNoAnswer;
  return call.duration_ns < kAtOnce;
}

Outcome from_unnoticed_close(const UnnoticedClose& facts) {
  const auto gave_up = [&] {
    if (facts.sibling_won) return Outcome::superseded;
    return facts.waited_out ? Outcome::timed_out_caller : Outcome::cancelled;
  };
  if (facts.undone_by_shutdown) return gave_up();
  if (!facts.tcp) {
    if (facts.seen_writable && !facts.waited_out) return Outcome::connected;
    return facts.seen_failed ? Outcome::failed : gave_up();
  }
  switch (facts.tcp->state) {
    case TCP_SYN_SENT:
    case TCP_SYN_RECV:
      // POLLERR in SYN_SENT is an ICMP soft error whose errno nobody read.
      return facts.seen_failed && !facts.waited_out && !facts.sibling_won ? Outcome::failed
                                                                          : gave_up();
    case TCP_CLOSE:
      // A handshake leaves a round-trip sample behind; from SYN_SENT a segment of the peer that
      // leads to CLOSE can only be a reset; without either it was ICMP or the kernel's own limit.
      if (facts.tcp->rtt_us > 0) return Outcome::connected;
      return facts.tcp->segs_in > 0 ? Outcome::refused : Outcome::failed;
    default:
      // Established, and the program did not come to know. If it had given up by then, giving up
      // is what happened to its user.
      return facts.sibling_won || facts.waited_out ? gave_up() : Outcome::connected;
  }
}

Ending from_talk(const Talk& facts) {
  const Ending peer_left = facts.received ? Ending::peer_closed : Ending::no_response;
  switch (facts.first_end) {
    case Talk::End::reset:
      return Ending::reset;
    case Talk::End::kernel_timeout:
      return Ending::response_timed_out;
    case Talk::End::end_of_file:
      return peer_left;
    case Talk::End::none:
      break;
  }
  if ((facts.answer_missing && facts.wait_expired) || facts.gave_up_on_more)
    return Ending::response_timed_out;
  if (facts.tcp_state && (*facts.tcp_state == TCP_CLOSE_WAIT || *facts.tcp_state == TCP_LAST_ACK ||
                          *facts.tcp_state == TCP_CLOSING)) {
    return peer_left;
  }
  return Ending::closed;
}

Talk::End end_from_error(int error, bool tcp) {
  switch (error) {
    case ECONNRESET:
    case EPIPE:
    case ECONNREFUSED:  // a datagram socket: ICMP port unreachable
    case ECONNABORTED:
      return Talk::End::reset;
    case ETIMEDOUT:
      return Talk::End::kernel_timeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
      // TCP gives these instead of ETIMEDOUT when it gave up resending and an ICMP error had been
      // noted on the way; on a datagram socket they are the ICMP answer itself.
      return tcp ? Talk::End::kernel_timeout : Talk::End::reset;
    default:
      return Talk::End::none;
  }
}

bool is_connection_error(int error) {
  return error == ENOTCONN || error == EACCES || error == ENONET ||
         end_from_error(error, true) != Talk::End::none;
}

}  // namespace sockwatch::connect
