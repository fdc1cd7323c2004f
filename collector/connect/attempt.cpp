#include "collector/connect/attempt.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "collector/connect/evidence.h"

namespace sockwatch::connect {

Attempt::Attempt(store::ConnectionRow&& row, int type)
    : row_(std::move(row)), datagram_(type == SOCK_DGRAM) {
  row_.outcome = word(Outcome::pending);
}

void Attempt::in_progress() {
  in_progress_ = true;
  left_call_ns_.reset();
}

void Attempt::interrupted(store::Ns t_ns) {
  in_progress();
  row_.interrupted = true;
  interrupted_after_ns_ = t_ns - row_.started_ns;
}

void Attempt::defer() {
  deferred_ = true;
  row_.fast_open = true;
}

// The call is over and it was a time-out, so the row says so from now on. The handshake is not
// over: a later success on the same socket makes it `connected`, with the expired wait as evidence.
void Attempt::send_timeout_expired(const Expiry& expiry, const Picture& tcp) {
  in_progress();
  waited(1);
  expired(expiry);
  send_timed_out_ = true;
  row_.outcome = word(Outcome::timed_out_caller);
  row_.error = EINPROGRESS;
  row_.decided_ns = expiry.end_ns;
  row_.noticed_ns = expiry.end_ns;
  if (const auto budget = connect_waits_.budget(row_.started_ns)) {
    row_.budget_ns = budget->ns;
    row_.budget_source = budget->source;
  }
  if (tcp) record_handshake(*tcp, true, row_);
}

void Attempt::waited_with(store::Ns timeout_ns, const char* source) {
  polled_ = true;
  if (timeout_ns == 0) return;  // a look, no wait
  waited(1);
  only_wait_.reset();
  if (connect_waits_.waits == 1 && timeout_ns > 0) only_wait_ = Budget{timeout_ns, source};
}

void Attempt::waited(std::int64_t count) {
  connect_waits_.waits += count;
  row_.waits = connect_waits_.waits;
}

void Attempt::expired_forgotten(std::int64_t count) {
  connect_waits_.expired += count;
  row_.expired_waits = connect_waits_.expired;
}

void Attempt::expired(const Expiry& expiry) {
  connect_waits_.expire(expiry);
  row_.expired_waits = connect_waits_.expired;
  ready_ns_.reset();
  writable_ = error_ = false;
}

void Attempt::ready(store::Ns t_ns, bool writable, bool error) {
  if (!ready_ns_) ready_ns_ = t_ns;
  writable_ = writable;
  error_ = error;
}

void Attempt::decide(Outcome outcome, std::optional<store::Ns> decided_ns,
                     std::optional<store::Ns> noticed_ns) {
  row_.outcome = word(outcome);
  if (outcome != Outcome::abandoned) row_.waited_out_ns.reset();
  row_.decided_ns = decided_ns;
  row_.noticed_ns = noticed_ns;
  phase_ = outcome == Outcome::connected ? Phase::connected : Phase::failed;
  send_timed_out_ = false;
  left_call_ns_.reset();
}

// What ran out if something did, else the limit in force if it is certain: the only wait there was,
// or SO_SNDTIMEO under a blocking connect.
void Attempt::put_budget(const SocketOptions& options) {
  row_.budget_ns.reset();
  row_.budget_source.reset();
  std::optional<Budget> budget = connect_waits_.budget(row_.started_ns);
  if (!budget && connect_waits_.waits == 1) budget = only_wait_;
  if (!budget && row_.blocking.value_or(false) && options.send_timeout_ns) {
    budget = Budget{*options.send_timeout_ns, "SO_SNDTIMEO"};
  }
  if (!budget) return;
  row_.budget_ns = budget->ns;
  row_.budget_source = budget->source;
}

void Attempt::succeed(store::Ns noticed_ns, std::optional<store::Ns> ready_ns, const Picture& tcp,
                      const SocketOptions& options) {
  if (ready_ns_) ready_ns = ready_ns_;
  soft_ = false;
  row_.error.reset();
  decide(Outcome::connected, std::min(ready_ns.value_or(noticed_ns), noticed_ns), noticed_ns);
  row_.ending = word(Ending::open);
  put_budget(options);
  if (tcp) record_handshake(*tcp, true, row_);
}

void Attempt::fail(const Failure& failure, const Picture& tcp, const SocketOptions& options) {
  const Outcome outcome = from_error(failure.error);
  const std::optional<store::Ns> ready_ns = ready_ns_ ? ready_ns_ : failure.ready_ns;
  const store::Ns decided_ns = std::min(ready_ns.value_or(failure.noticed_ns), failure.noticed_ns);
  if (outcome == Outcome::timed_out_caller) {  // a unix socket's queue stayed full for SO_SNDTIMEO
    waited(1);
    const store::Ns limit = options.send_timeout_ns.value_or(failure.call_ns);
    expired({failure.noticed_ns - failure.call_ns, failure.noticed_ns, limit, "SO_SNDTIMEO",
             wire::Op::connect, static_cast<std::uint32_t>(row_.tid)});
  }
  decide(outcome, decided_ns, failure.noticed_ns);
  row_.error = failure.error.error;
  failed_by_connect_ = failure.by_connect;
  put_budget(options);
  if (outcome == Outcome::timed_out_kernel) {
    const store::Ns elapsed = decided_ns - row_.started_ns;
    const auto limit = options.user_timeout_ns;
    const bool by_option = limit && elapsed >= *limit - *limit / 50;
    row_.budget_source = by_option ? "TCP_USER_TIMEOUT" : "kernel";
    row_.budget_ns = by_option ? *limit : elapsed;
  }
  if (!tcp) return;
  soft_ = tcp->state == TCP_SYN_SENT || tcp->state == TCP_SYN_RECV;
  const bool sent = outcome != Outcome::unreachable && outcome != Outcome::local_error;
  record_handshake(*tcp, sent, row_);
}

void Attempt::resume() {
  phase_ = Phase::connecting;
  soft_ = false;
  ready_ns_.reset();
  writable_ = error_ = false;
  row_.outcome = word(Outcome::pending);
  row_.error.reset();
  row_.decided_ns.reset();
  row_.noticed_ns.reset();
}

void Attempt::look(const Picture& tcp) {
  if (tcp && phase_ == Phase::connected) record_last(*tcp, talk_.peer_fin(), row_);
}

void Attempt::shut_down(store::Ns t_ns, int how, const Picture& tcp) {
  talk_.shut_down(how);
  if (phase_ == Phase::connected) look(tcp);
  if (!connecting() || shut_ns_) return;
  // In SYN_SENT it takes the handshake back, and the counters with it: the picture before it stays
  // the evidence. Without that picture the one at the close tells (is_wiped).
  const bool handshaking = tcp && (tcp->state == TCP_SYN_SENT || tcp->state == TCP_SYN_RECV);
  if (tcp && !handshaking) return;
  shut_ns_ = t_ns;
  shut_tcp_ = tcp;
}

store::Ns Attempt::last_expired_ns() const { return connect_waits_.last.end_ns; }

void Attempt::jumped(store::Ns t_ns) {
  if (!left_call_ns_) return;
  const store::Ns began_ns = *left_call_ns_;
  waited(1);
  expired({began_ns, t_ns, t_ns - began_ns, "signal", wire::Op::connect,
           static_cast<std::uint32_t>(row_.tid)});
  left_call_ns_.reset();
}

void Attempt::conclude_unnoticed(const Close& close, const SocketOptions& options) {
  if (send_timed_out_ && !close.sibling_won) {
    // What was sent after the program had its time-out is not part of it.
    if (close.tcp && !row_.syn_retransmits) record_handshake(*close.tcp, true, row_);
    if (close.tcp) record_last(*close.tcp, PeerFin::unknown, row_);
    phase_ = Phase::failed;
    return;
  }
  UnnoticedClose facts;
  facts.tcp = close.tcp;
  facts.undone_by_shutdown = shut_tcp_ || (shut_ns_ && close.tcp && is_wiped(*close.tcp));
  facts.seen_writable = writable_;
  facts.seen_failed = error_;
  facts.waited_out = connect_waits_.expired > 0 && !ready_ns_;
  facts.sibling_won = close.sibling_won;
  const Outcome outcome = from_unnoticed_close(facts);
  // An unseen close proves nothing about the handshake unless a wait had spoken before it.
  if (!close.t_ns && (outcome == Outcome::cancelled || outcome == Outcome::superseded)) {
    return;
  }
  const std::optional<store::Ns> end_ns = facts.undone_by_shutdown ? shut_ns_ : close.t_ns;
  row_.error.reset();
  if (outcome == Outcome::connected) {
    decide(outcome, ready_ns_ ? ready_ns_ : end_ns, writable_ ? ready_ns_ : std::nullopt);
    row_.ending = word(Ending::open);
  } else if (outcome == Outcome::refused || outcome == Outcome::failed) {
    decide(outcome, ready_ns_ ? ready_ns_ : end_ns, error_ ? ready_ns_ : std::nullopt);
  } else {
    decide(outcome, end_ns, end_ns);
  }
  put_budget(options);
  if (outcome == Outcome::superseded) {  // its time had not run out
    row_.budget_ns.reset();
    row_.budget_source.reset();
  }
  if (outcome == Outcome::cancelled && interrupted_after_ns_) {
    row_.error = EINTR;
    row_.budget_ns = interrupted_after_ns_;
    row_.budget_source = "signal";
  }
  const Picture& last = shut_tcp_ ? shut_tcp_ : close.tcp;
  if (last) record_handshake(*last, in_progress_ || shut_ns_, row_);
}

// Exact where every byte was sent once: a resend, or a try that failed, moves the kernel's clock.
std::optional<Conversation::LastSend> Attempt::last_send(const Close& close) const {
  if (!close.t_ns || !close.tcp || is_wiped(*close.tcp) || !row_.bytes_sent) return std::nullopt;
  const wire::TcpPicture& tcp = *close.tcp;
  const auto bytes = static_cast<std::uint64_t>(*row_.bytes_sent);
  const bool all_once = row_.retransmits == 0 && tcp.notsent_bytes == 0 && tcp.bytes_acked > bytes;
  if (!all_once) return std::nullopt;
  const auto turns = static_cast<std::uint64_t>(row_.turns);
  const std::uint64_t full = bytes / std::max<std::uint32_t>(tcp.snd_mss, 536);
  return Conversation::LastSend{*close.t_ns - store::Ns{tcp.last_data_sent_ms} * 1'000'000,
                                tcp.data_segs_out <= 2 * full + 2,
                                tcp.data_segs_out <= 2 * (full + turns) + 4};
}

void Attempt::close(const Close& close, const SocketOptions& options) {
  row_.closed_ns = close.t_ns;
  // The connect that replaces this attempt may have begun on another thread before it.
  if (close.t_ns) row_.closed_ns = std::max(*close.t_ns, row_.started_ns);
  if (connecting()) {
    conclude_unnoticed(close, options);
  } else {
    look(close.tcp);
  }
  // An earlier count of nothing is no count where something was seen since.
  if (!close.tcp && row_.first_send_ns && row_.bytes_sent == 0) row_.bytes_sent.reset();
  if (!close.tcp && row_.first_receive_ns && row_.bytes_received == 0) row_.bytes_received.reset();
  if (phase_ != Phase::connected) return;
  Conversation::Closing closing;
  closing.t_ns = close.t_ns;
  closing.last_send = last_send(close);
  if (close.t_ns && close.tcp && row_.close_last_receive_ms) {
    closing.last_bytes_ns = *close.t_ns - *row_.close_last_receive_ms * 1'000'000;
  }
  const Ending ending = talk_.close(options.user_timeout_ns, closing, row_);
  row_.ending = word(ending);
  // Where nobody counted at the end, an earlier count is no total: it stands only where an error or
  // the peer's end of the stream was looked at.
  const bool talked = row_.first_send_ns || row_.first_receive_ns;
  const bool looked_at_its_end =
      ending == Ending::reset || ending == Ending::no_response || ending == Ending::peer_closed;
  if (!close.tcp && talked && !looked_at_its_end) forget_last(row_);
}

void Attempt::lose_end() {
  if (phase_ == Phase::connected) forget_last(row_);  // not known to be the last reading
}

void Attempt::process_ended(store::Ns t_ns, const SocketOptions& options) {
  if (connecting() && !send_timed_out_ && !writable_) {
    // A wait that had run out may have been one tick of a loop: a budget is claimed only where it
    // was the only one, and the program left with it.
    decide(Outcome::abandoned, t_ns, std::nullopt);
    row_.budget_ns.reset();
    row_.budget_source.reset();
    const auto limit = connect_waits_.budget(row_.started_ns);
    if (connect_waits_.expired == 1 && t_ns - connect_waits_.last.end_ns <= kLeftWithIt) {
      row_.budget_ns = limit->ns;
      row_.budget_source = limit->source;
    }
    row_.closed_ns = t_ns;
    return;
  }
  talk_.process_ended(t_ns);
  close({t_ns, std::nullopt, false}, options);
}

}  // namespace sockwatch::connect
