#include "collector/connect/conversation.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "collector/connect/ops.h"

namespace sockwatch::connect {
namespace {

// Who waits for room to send has given up only if something could not be sent. True as well where
// that was not seen: the wait says that there was no room.
bool left_unsent(const store::ConnectionRow& row) {
  if (!row.bytes_sent || !row.close_bytes_acked) return true;
  return *row.close_bytes_acked <= *row.bytes_sent;  // the SYN counts as a byte
}

}  // namespace

void Conversation::paused(const Pause& pause, store::ConnectionRow& row) {
  row.idle_ns = pause.idle_ns;
  row.send_tcp_state = pause.tcp_state;
}

bool Conversation::sent(const Send& send, bool tcp, store::ConnectionRow& row) {
  if (!row.first_send_ns) {
    row.first_send_ns = send.start_ns;
    if (tcp) row.tls = send.tls;
  }
  if (send.turn_start) paused(send.pause, row);
  rest_before_send_ = true;
  // A turn that starts while one is open means its receive was lost: that turn is not counted.
  if (request_ns_ && !send.turn_start) return false;
  forget_waits();
  asked_before_ns_ = row.asked_ns;
  answered_before_ns_ = row.answered_ns;
  row.asked_ns = send.start_ns;
  row.answered_ns.reset();
  if (last_receive_ns_ && *last_receive_ns_ > send.start_ns) {
    // The answer was received by another thread before the send had returned.
    request_ns_.reset();
    row.answered_ns = last_receive_ns_;
    count_turn(*last_receive_ns_ - send.start_ns, row);
    return false;
  }
  request_ns_ = send.start_ns;
  return true;
}

void Conversation::received(store::Ns t_ns, store::ConnectionRow& row) {
  if (!row.first_receive_ns) row.first_receive_ns = t_ns;
  last_receive_ns_ = t_ns;
  rest_ = {};
  longest_rest_ns_ = 0;
  longest_pause_ns_ = 0;
  if (!request_ns_) return;
  row.answered_ns = t_ns;
  count_turn(std::max<store::Ns>(0, t_ns - *request_ns_), row);
  request_ns_.reset();
  forget_waits();
}

void Conversation::forget_waits() {
  patience_ = {};
  room_ = {};
  first_expired_ns_ = named_start_ns_ = 0;
}

void Conversation::count_turn(store::Ns took, store::ConnectionRow& row) {
  ++row.turns;
  constexpr store::Ns kMax = std::numeric_limits<store::Ns>::max();
  row.turn_total_ns = took > kMax - row.turn_total_ns ? kMax : row.turn_total_ns + took;
  row.turn_max_ns = std::max(row.turn_max_ns, took);
  // What arrives from a peer that had closed before was on its way already, and answers nothing.
  if (row.send_tcp_state != TCP_CLOSE_WAIT) {
    row.idle_answered_ns = std::max(row.idle_answered_ns, row.idle_ns);
  }
}

void Conversation::lose_turn(store::ConnectionRow& row) {
  request_ns_.reset();
  row.asked_ns.reset();
  row.answered_ns.reset();
  forget_waits();
}

void Conversation::end_of_file() {
  if (shut_read_) return;  // the program's own doing
  end_of_file_ = true;
  if (first_end_ == Talk::End::none) first_end_ = Talk::End::end_of_file;
}

void Conversation::failed(int error, bool tcp, store::Ns t_ns, store::ConnectionRow& row) {
  if (error == EPIPE && shut_write_) return;
  const Talk::End end = end_from_error(error, tcp);
  if (end == Talk::End::none) return;
  if (!row.error) row.error = error;
  told_reset_ = told_reset_ || error == ECONNRESET;
  if (first_end_ != Talk::End::none) return;
  first_end_ = end;
  if (end == Talk::End::kernel_timeout) kernel_end_ns_ = t_ns;
}

bool Conversation::expired(const Expiry& expiry, For what, store::ConnectionRow& row) {
  if (!request_ns_) {
    // A loop that ticks while its connections rest has waits like these; the close tells.
    if (what != For::named || expiry.end_ns < last_receive_ns_.value_or(0)) return false;
    if (shut_read_ || shut_write_) return false;
    longest_rest_ns_ = std::max(longest_rest_ns_, rest_.last.timeout_ns);
    if (rest_.waits == 0) {
      rest_start_ns_ = expiry.start_ns;
    } else if (expiry.start_ns - rest_.last.end_ns > kLeftWithIt) {
      // Bytes came in between, which are not told; within the wait after the one before, at most.
      const store::Ns end_ns = std::min(expiry.start_ns, rest_.last.end_ns + rest_.last.timeout_ns);
      longest_pause_ns_ = std::max(longest_pause_ns_, end_ns - rest_start_ns_);
      rest_start_ns_ = expiry.start_ns;
    }
    rest_before_send_ = false;
    ++rest_.waits;
    rest_.expire(expiry);
    return false;
  }
  ++row.waits;
  ++row.expired_waits;
  if (expiry.end_ns < *request_ns_) return true;
  WaitTally& tally = what == For::room ? room_ : patience_;
  ++tally.waits;
  tally.expire(expiry);
  if (what == For::room) return true;
  if (first_expired_ns_ == 0) first_expired_ns_ = expiry.end_ns;
  patience_alone_ = what == For::named;
  if (what != For::one_of_many) named_start_ns_ = std::max(named_start_ns_, expiry.start_ns);
  return true;
}

void Conversation::expired_forgotten(std::int64_t count, store::ConnectionRow& row) {
  if (count == 0) return;
  row.waits += count;
  row.expired_waits += count;
  patience_.waits += count;
  patience_.expired += count;
  if (first_expired_ns_ == 0) first_expired_ns_ = request_ns_.value_or(0);
}

// A program that goes on sending when a wait has run out did not wait for a reply to what it had
// sent: a log or a metric, whose loop ticks. But a request may be sent in parts as well (Expect:
// 100-continue). Then the program shows afterwards that it waits: by a wait of this socket alone
// (if it spoke in few pieces), or by being quiet for much longer than it had spoken.
bool Conversation::waited_in_vain(const Closing& closing, const store::ConnectionRow& row) const {
  constexpr store::Ns kTick = 20'000'000;  // the kernel's times are exact to 10 ms
  if (patience_.expired == 0) return false;
  // Of datagrams and Unix sockets the kernel does not say when the last was sent. Ticks of a loop
  // that watches many sockets prove nothing then.
  const std::optional<LastSend>& last = closing.last_send;
  if (!last) return row.protocol == "tcp" || patience_alone_;
  // What TLS sends right before the close is its goodbye.
  if (row.tls == true && last->few_turns && *closing.t_ns - last->ns <= kLeftWithIt) return true;
  if (last->ns <= first_expired_ns_ + kTick) return true;
  if (last->few_pieces && named_start_ns_ >= last->ns - kTick) return true;
  const store::Ns spoke_ns = last->ns - awaiting_since();
  return patience_.last.end_ns - last->ns >= 2 * spoke_ns;
}

// A wait of this very socket ran out and the program closed it right after: it gave up on bytes
// that did not come. Whether they were missing is not known, as nobody reads what was said, so
// whatever looks like a look, a tick of a loop or a goodbye is none: less than a second of silence;
// a wait as long as one that had run out before and was gone on from; slices of the same length
// (curl waits for a second each and then for the rest of its time); a pause no longer than one
// after which more came (who sends little by little is cut short by the time for all); something
// sent since, but for the goodbye of TLS; waits after the program's own shutdown (they are not in
// rest_).
std::optional<Budget> Conversation::gave_up_on_more(const Closing& closing,
                                                    const store::ConnectionRow& row) const {
  constexpr store::Ns kSilence = 1'000'000'000;
  if (rest_.expired == 0 || !closing.t_ns || row.protocol == "udp") return std::nullopt;
  if (!row.first_send_ns && row.first_receive_ns) return std::nullopt;  // it was asked for nothing
  if (rest_before_send_ && row.tls != true) return std::nullopt;
  const Expiry& last = rest_.last;
  store::Ns since_ns = last_receive_ns_.value_or(0);
  // The peer answers the goodbye of TLS with its own.
  const bool after_goodbye = said_goodbye(closing, row) && closing.last_bytes_ns >= request_ns_;
  if (!after_goodbye) since_ns = std::max(since_ns, closing.last_bytes_ns.value_or(0));
  if (!row.first_receive_ns) since_ns = std::max(row.noticed_ns.value_or(0), row.started_ns);
  const store::Ns silent_ns = last.end_ns - since_ns;
  if (silent_ns < kSilence - kLeftWithIt) return std::nullopt;
  if (silent_ns <= longest_pause_ns_) return std::nullopt;
  const bool one_wait = silent_ns <= last.timeout_ns + last.timeout_ns / 8 + kLeftWithIt;
  const bool like_before =
      one_wait ? last.timeout_ns <= longest_rest_ns_ : last.timeout_ns >= longest_rest_ns_;
  if (rest_.expired > 1 && like_before) return std::nullopt;
  const store::Ns may_take =
      one_wait ? std::clamp(last.timeout_ns / 2, kGaveUp, 5 * kGaveUp) : kLeftWithIt;
  if (*closing.t_ns - last.end_ns > may_take) return std::nullopt;
  return Budget{one_wait ? last.timeout_ns : silent_ns, last.source};
}

// A turn that began right before the close.
bool Conversation::said_goodbye(const Closing& closing, const store::ConnectionRow& row) const {
  return row.tls == true && request_ns_ && closing.t_ns &&
         *closing.t_ns - *request_ns_ <= kLeftWithIt;
}

void Conversation::shut_down(int how) {
  shut_read_ = shut_read_ || how == SHUT_RD || how == SHUT_RDWR;
  shut_write_ = shut_write_ || how == SHUT_WR || how == SHUT_RDWR;
}

// A reset is ECONNRESET only if no FIN came before it (EPIPE if one did): tcp_reset in the kernel.
PeerFin Conversation::peer_fin() const {
  if (end_of_file_) return PeerFin::arrived;
  return told_reset_ ? PeerFin::never : PeerFin::unknown;
}

Ending Conversation::close(std::optional<store::Ns> user_timeout_ns, const Closing& closing,
                           store::ConnectionRow& row) const {
  const bool no_reply = waited_in_vain(closing, row);
  const std::optional<Budget> gave_up = gave_up_on_more(closing, row);
  if (said_goodbye(closing, row) && asked_before_ns_) {
    row.asked_ns = asked_before_ns_;  // the goodbye asks for nothing
    row.answered_ns = answered_before_ns_;
  }
  Talk facts;
  facts.first_end = first_end_;
  facts.received = row.first_receive_ns.has_value() || row.bytes_received.value_or(0) > 0;
  facts.answer_missing = awaiting();
  facts.wait_expired = no_reply || (room_.expired > 0 && left_unsent(row));
  facts.gave_up_on_more = gave_up.has_value();
  if (row.close_tcp_state) facts.tcp_state = static_cast<std::uint8_t>(*row.close_tcp_state);
  const Ending ending = from_talk(facts);
  const bool unanswered = facts.answer_missing && facts.wait_expired;
  if (gave_up && !unanswered && facts.first_end == Talk::End::none) {
    row.waits += rest_.waits;
    row.expired_waits += rest_.expired;
    row.budget_ns = gave_up->ns;
    row.budget_source = gave_up->source;
  }
  if (ending != Ending::response_timed_out) return ending;
  row.reply_begun = !kernel_end_ns_ && !unanswered && facts.received;
  if (!kernel_end_ns_ && !unanswered) return ending;
  if (kernel_end_ns_) {
    row.budget_source = user_timeout_ns ? "TCP_USER_TIMEOUT" : "kernel";
    row.budget_ns = user_timeout_ns;
    if (!user_timeout_ns && request_ns_) row.budget_ns = *kernel_end_ns_ - *request_ns_;
  } else if (const auto budget = (no_reply ? patience_ : room_).budget(awaiting_since())) {
    row.budget_ns = budget->ns;
    row.budget_source = budget->source;
  }
  return ending;
}

}  // namespace sockwatch::connect
