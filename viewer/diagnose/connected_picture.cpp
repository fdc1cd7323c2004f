#include "viewer/diagnose/connected_picture.h"

#include <cerrno>

#include "viewer/diagnose/units.h"
#include "viewer/model/tcp_state.h"

namespace sockwatch::diagnose {
namespace {

constexpr std::int64_t kUnansweredProbes = 3;

// FIN_WAIT1, LAST_ACK, CLOSING: a FIN of ours waits or is on its way.
bool fin_unacknowledged(const store::ConnectionRow& row) {
  return row.close_tcp_state == 4 || row.close_tcp_state == 9 || row.close_tcp_state == 11;
}

// Nothing on its way, and data (not a FIN alone) that waits.
bool only_waiting(const store::ConnectionRow& row) {
  const std::int64_t waiting = row.close_notsent_bytes.value_or(0);
  return row.close_tcp_state != model::kTcpClose && row.close_unacked.value_or(1) == 0 &&
         waiting > (fin_unacknowledged(row) ? 1 : 0);
}

}  // namespace

bool is_connected_tcp(const Attempt& attempt) {
  return attempt.tcp && attempt.is(model::Outcome::connected);
}

bool has_last_picture(const store::ConnectionRow& row) {
  if (!row.close_bytes_acked) return false;
  if (!row.first_send_ns) return true;
  // The kernel counts the SYN as an acknowledged byte.
  return row.bytes_sent.value_or(0) > 0 || *row.close_bytes_acked > 1 ||
         row.close_unacked.value_or(0) > 0;
}

bool nothing_received(const store::ConnectionRow& row) {
  return !row.first_receive_ns && row.bytes_received.value_or(0) == 0;
}

bool all_acknowledged(const store::ConnectionRow& row) {
  if (!has_last_picture(row) || row.bytes_sent.value_or(0) <= 0) return false;
  const bool nothing_open =
      row.close_unacked.value_or(1) == 0 && row.close_notsent_bytes.value_or(0) == 0;
  return (nothing_open || fin_unacknowledged(row)) &&
         *row.close_bytes_acked >= *row.bytes_sent + 1;  // the SYN counts as a byte
}

bool kernel_gave_up(const Attempt& attempt) {
  return attempt.is(model::Ending::response_timed_out) && attempt.row.error &&
         (attempt.row.budget_source == "kernel" || attempt.row.budget_source == "TCP_USER_TIMEOUT");
}

bool gave_up_waiting(const Attempt& attempt) {
  return attempt.is(model::Ending::response_timed_out) && !kernel_gave_up(attempt) &&
         !reply_stopped(attempt);
}

bool reply_stopped(const Attempt& attempt) {
  return attempt.is(model::Ending::response_timed_out) && attempt.row.reply_begun == true;
}

bool keepalive_gave_up(const Attempt& attempt) {
  const auto& row = attempt.row;
  return kernel_gave_up(attempt) && row.close_tcp_state == model::kTcpClose &&
         row.retransmits == 0 && row.close_probes.value_or(0) >= 1 && all_acknowledged(row);
}

store::Ns awaited_ns(const store::ConnectionRow& row) {
  if (!row.first_send_ns || !row.closed_ns) return 0;
  return std::max<store::Ns>(0, *row.closed_ns - *row.first_send_ns);
}

bool path_dead(const store::ConnectionRow& row) {
  return row.close_unacked.value_or(0) >= 1 && row.close_backoff.value_or(0) >= 2 &&
         row.close_last_ack_ms.value_or(0) >= 1000 && !all_acknowledged(row);
}

std::optional<Resends> unanswered_resends(const store::ConnectionRow& row) {
  if (row.close_tcp_state == model::kTcpClose || !row.retransmits || !row.close_backoff)
    return std::nullopt;
  if (*row.retransmits <= 0 || *row.close_backoff <= 0) return std::nullopt;
  const bool all = *row.retransmits <= *row.close_backoff + 1;
  return Resends{all ? *row.retransmits : *row.close_backoff, !all};
}

store::OptInt hung_ns(const store::ConnectionRow& row) {
  if (row.budget_source == "kernel") return row.budget_ns;  // measured
  store::OptInt hung;
  if (row.close_last_ack_ms) hung = *row.close_last_ack_ms * kMs;
  if (row.close_last_receive_ms && unanswered_idle_ns(row)) {
    const store::Ns since_request = *row.close_last_receive_ms * kMs - *row.idle_ns;
    if (since_request > 0) hung = std::min(hung.value_or(since_request), since_request);
  }
  return hung;
}

bool nothing_gets_out(const store::ConnectionRow& row) {
  return only_waiting(row) && row.close_probes.value_or(0) >= kUnansweredProbes &&
         row.close_last_ack_ms.value_or(0) >= 1000;
}

bool window_closed(const store::ConnectionRow& row) {
  return only_waiting(row) && row.close_probes.value_or(0) < kUnansweredProbes &&
         row.close_backoff.value_or(0) > row.close_probes.value_or(0);
}

bool large_lost_out(const store::ConnectionRow& row) {
  const std::int64_t lost = row.close_lost.value_or(0);
  const std::int64_t unacked = row.close_unacked.value_or(0);
  if (lost < 1 || unacked < 1 || row.close_backoff.value_or(0) < 2) return false;
  const std::int64_t acked = row.close_bytes_acked.value_or(0) - 1;
  if (acked < 1) return false;  // nothing small has passed either
  if (unacked > lost) return true;
  // The SYN counts as delivered.
  const std::int64_t delivered = row.close_delivered.value_or(0) - 1;
  const std::int64_t full = row.close_snd_mss.value_or(0);
  return row.close_notsent_bytes.value_or(0) > 0 && delivered >= 1 && full > 0 &&
         acked * 2 < delivered * full;
}

bool large_lost_in(const store::ConnectionRow& row) {
  return nothing_received(row) && row.bytes_received == 0 &&
         row.close_data_segs_in.value_or(0) >= 1 && row.first_send_ns &&
         awaited_ns(row) >= 1000 * kMs && row.close_unacked.value_or(1) == 0;
}

bool large_lost_in_later(const store::ConnectionRow& row) {
  return row.turns >= 1 && newest_unanswered(row) && row.close_out_of_order.value_or(0) >= 1 &&
         row.closed_ns && *row.closed_ns - *row.asked_ns >= 1000 * kMs && all_acknowledged(row);
}

bool newest_unanswered(const store::ConnectionRow& row) { return row.asked_ns && !row.answered_ns; }

bool peer_repeats_itself(const store::ConnectionRow& row) {
  return row.close_bytes_acked.value_or(2) <= 1 && row.close_data_segs_in == 0 &&
         row.segs_in.value_or(0) >= 2;
}

store::OptInt unanswered_idle_ns(const store::ConnectionRow& row) {
  if (!row.idle_ns) return std::nullopt;
  const bool no_longer_one_answered = !row.idle_answered_ns || *row.idle_answered_ns < *row.idle_ns;
  const bool nothing_since =
      row.close_last_receive_ms && *row.close_last_receive_ms * kMs >= *row.idle_ns - 10 * kMs;
  if (no_longer_one_answered || nothing_since) return row.idle_ns;
  return std::nullopt;
}

bool sent_too_late(const store::ConnectionRow& row) {
  if (row.turns < 1) return false;
  const bool by_peer = !row.error || row.error == ECONNRESET || row.error == EPIPE;
  return row.send_tcp_state == model::kTcpCloseWait ||
         (row.send_tcp_state == model::kTcpClose && by_peer);
}

}  // namespace sockwatch::diagnose
