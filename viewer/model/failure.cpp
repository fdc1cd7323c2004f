#include "viewer/model/failure.h"

#include <algorithm>

#include "viewer/model/destination.h"
#include "viewer/model/tcp_state.h"

namespace sockwatch::model {
namespace {

bool has_established_state(const store::OptInt& state) {
  return state && *state > 0 && *state != kTcpSynSent && *state != kTcpSynRecv &&
         *state != kTcpClose;
}

// After a failed blocking connect the kernel has disconnected the socket and its counters read 0
// (measured on 6.18): packets in then prove something only together with packets out.
bool counters_live(const store::ConnectionRow& row) {
  return row.segs_in && (row.segs_out.value_or(0) > 0 || row.tcp_state == kTcpSynSent);
}

store::OptInt syns_sent(const store::ConnectionRow& row) {
  const store::OptInt again = resends(row);
  if (row.protocol != "tcp" || !again) return std::nullopt;
  if (row.outcome == word(Outcome::unreachable) || row.outcome == word(Outcome::local_error)) {
    return std::nullopt;  // failed before a packet was sent
  }
  return *again + 1;
}

}  // namespace

void Range::add(std::int64_t value) {
  smallest = known == 0 ? value : std::min(smallest, value);
  largest = known == 0 ? value : std::max(largest, value);
  ++known;
}

void Evidence::add(const store::ConnectionRow& row) {
  if (ids.size() < kIdsKept) ids.push_back(row.id);
  ++count;
  if (counters_live(row) && *row.segs_in == 0) ++silent;
  if (row.segs_in.value_or(0) > 0) ++answered;
  if (has_established_state(row.tcp_state)) ++established;
  if (row.reply_begun.value_or(false)) ++reply_begun;
  // Where the kernel's count is not known, what the program got.
  if (row.bytes_received ? *row.bytes_received > 0 : row.first_receive_ns.has_value()) {
    ++earlier_reply;
    if (!row.first_receive_ns) ++unread;
  }
  expired_waits += static_cast<std::uint64_t>(std::max<std::int64_t>(row.expired_waits, 0));
  started_ns.add(row.started_ns);
  elapsed_ns.add(attempt_ns(row));
  budget_ns.add(row.budget_ns);
  syns.add(syns_sent(row));
  handshake_ns.add(model::handshake_ns(row));
  notice_ns.add(time_between(row.decided_ns, row.noticed_ns));
  bytes_sent.add(row.bytes_sent);
  retransmits.add(row.retransmits);
  if (row.close_bytes_acked) {
    // The kernel counts the SYN as an acknowledged byte.
    const std::int64_t acked = std::max<std::int64_t>(*row.close_bytes_acked, 1) - 1;
    bytes_acked.add(row.bytes_sent ? std::min(acked, *row.bytes_sent) : acked);
    if (row.bytes_sent && acked >= *row.bytes_sent) ++all_acked;
  }
  if (processes.size() < kProcessesKept) processes.insert(row.process_id);
  if (row.budget_source && budget_sources.size() < 16) budget_sources.insert(*row.budget_source);
}

std::optional<FailureKey> failure_of(const store::ConnectionRow& row) {
  const auto [outcome, ending] = course_of(row);
  if (!outcome) return std::nullopt;
  // However it waited, a program that gave up gave up: the errno of a blocking connect with
  // SO_SNDTIMEO (EINPROGRESS) is no other failure.
  if (*outcome == Outcome::timed_out_caller) {
    return FailureKey{0, *outcome, std::nullopt, std::nullopt};
  }
  if (is_failure(*outcome)) return FailureKey{0, *outcome, std::nullopt, row.error};
  if (!ending || !is_failure(*ending)) return std::nullopt;
  return FailureKey{0, *outcome, ending, row.error};
}

}  // namespace sockwatch::model
