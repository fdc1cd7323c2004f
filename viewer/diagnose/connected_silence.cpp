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

}  // namespace

bool in_few_pieces(const store::ConnectionRow& row) {
  if (!row.close_delivered || !row.bytes_sent) return true;
  const std::int64_t size = std::max<std::int64_t>(row.close_snd_mss.value_or(536), 536);
  const bool fin =
      row.close_tcp_state == model::kTcpFinWait2 || row.close_tcp_state == model::kTcpTimeWait;
  const std::int64_t pieces = *row.close_delivered - 1 - (fin ? 1 : 0);  // SYN and FIN count, too
  // With several waits the second piece may have come after the first wait.
  const std::int64_t more = row.expired_waits > 1 ? 1 : 2;
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
  return is_connected_tcp(attempt) && gave_up_waiting(attempt) && row.turns >= 1 &&
         row.expired_waits == 1 && !row.tls.value_or(true) && all_acknowledged(row) &&
         row.budget_ns && row.close_last_receive_ms &&
         *row.close_last_receive_ms * kMs >= *row.budget_ns;
}

}  // namespace sockwatch::diagnose
