#include "viewer/diagnose/connected_silence.h"

#include <algorithm>

#include "viewer/diagnose/connected_picture.h"
#include "viewer/diagnose/units.h"
#include "viewer/model/tcp_state.h"

namespace sockwatch::diagnose {
namespace {

using model::Ending;

// One request goes out in few segments. A program that only ever sends (a log, a metric) has no
// reply to wait for, and many.
bool looks_like_one_request(const store::ConnectionRow& row) {
  if (!row.segs_out || !row.bytes_sent) return true;
  const std::int64_t size = std::max<std::int64_t>(row.close_snd_mss.value_or(536), 536);
  return *row.segs_out <= 8 + *row.bytes_sent / size * 2;
}

// The goodbye of TLS goes out right before the close, and may be on its way then.
bool acknowledged_but_goodbye(const store::ConnectionRow& row) {
  constexpr std::int64_t kGoodbye = 40;  // 24 bytes in TLS 1.3, 31 before
  if (all_acknowledged(row)) return true;
  return row.tls == true && row.close_unacked == 1 && row.close_backoff == 0 &&
         row.close_notsent_bytes == 0 && row.bytes_sent && row.close_bytes_acked &&
         *row.close_bytes_acked + kGoodbye >= *row.bytes_sent + 1;
}

}  // namespace

bool in_few_pieces(const store::ConnectionRow& row) {
  if (!row.close_delivered || !row.bytes_sent) return true;
  const std::int64_t size = std::max<std::int64_t>(row.close_snd_mss.value_or(536), 536);
  const bool fin =
      row.close_tcp_state == model::kTcpFinWait2 || row.close_tcp_state == model::kTcpTimeWait;
  const std::int64_t pieces = *row.close_delivered - 1 - (fin ? 1 : 0);  // SYN and FIN count, too
  // With several waits the second piece may have come after the first wait. Each turn before had
  // its own, and TLS has a goodbye.
  const std::int64_t more =
      (row.expired_waits > 1 ? 1 : 2) + 2 * row.turns + (row.tls.value_or(false) ? 1 : 0);
  return pieces <= more + *row.bytes_sent / size * 2;  // not all segments are full
}

bool waited_for_this(const store::ConnectionRow& row) { return row.budget_source != "epoll"; }

std::optional<Confidence> no_reply(const Attempt& attempt) {
  const auto& row = attempt.row;
  if (!is_connected_tcp(attempt) || !row.first_send_ns || !nothing_received(row) ||
      row.close_data_segs_in.value_or(0) > 0) {
    return std::nullopt;
  }
  const bool seen = has_last_picture(row);
  if (seen && !all_acknowledged(row)) return std::nullopt;
  if (gave_up_waiting(attempt)) {
    if (!looks_like_one_request(row)) return Confidence::low;
    return seen && waited_for_this(row) && in_few_pieces(row) ? Confidence::high
                                                              : Confidence::medium;
  }
  // Closed without any wait running out: a timer of the program, or nobody waited for a reply.
  if (attempt.is(Ending::closed) && awaited_ns(row) >= kSecond) return Confidence::low;
  return std::nullopt;
}

bool later_silence(const Attempt& attempt) {
  const auto& row = attempt.row;
  if (!is_connected_tcp(attempt) || !gave_up_waiting(attempt) || row.turns < 1 ||
      !acknowledged_but_goodbye(row) || silence_behind_tls(attempt)) {
    return false;
  }
  if (newest_unanswered(row) && !row.tls.value_or(true)) return true;
  const bool one_wait = row.expired_waits == 1 && row.budget_ns && row.close_last_receive_ms &&
                        *row.close_last_receive_ms * kMs >= *row.budget_ns;
  return one_wait && (!row.tls.value_or(true) || (newest_unanswered(row) && waited_for_this(row)));
}

bool silence_behind_tls(const Attempt& attempt) {
  const auto& row = attempt.row;
  constexpr std::int64_t kOfHandshake = 2;  // turns; one where no ticket came
  if (!is_connected_tcp(attempt) || !attempt.is(Ending::response_timed_out) ||
      kernel_gave_up(attempt) || row.tls != true || !row.asked_ns || !row.closed_ns ||
      row.turns < 1 || row.turns > kOfHandshake || !acknowledged_but_goodbye(row)) {
    return false;
  }
  if (!row.answered_ns) return true;
  if (row.turns < kOfHandshake || !row.close_last_receive_ms) return false;
  // The tickets come when the handshake's last message is there.
  const store::Ns at_once = std::max(50 * kMs, 4 * row.rtt_us.value_or(0) * 1000);
  const store::Ns last_bytes_ns = *row.closed_ns - *row.close_last_receive_ms * kMs;
  return *row.answered_ns - *row.asked_ns <= at_once && last_bytes_ns - *row.asked_ns <= at_once;
}

}  // namespace sockwatch::diagnose
