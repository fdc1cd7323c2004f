#include "collector/connect/evidence.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <optional>

namespace sockwatch::connect {

namespace {

// How long the kernel's struct tcp_info must be for a field to be there (linux/tcp.h; the struct
// only ever grows at its end).
constexpr unsigned kHasBytesReceived = 136;
constexpr unsigned kHasSegments = 144;
constexpr unsigned kHasNotSent = 148;
constexpr unsigned kHasDataSegments = 160;
constexpr unsigned kHasDelivered = 196;
constexpr unsigned kHasBytesSent = 208;

template <typename T>
store::OptInt known(const wire::TcpPicture& tcp, unsigned needed, T value) {
  if (tcp.known_bytes < needed) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

template <typename T>
store::OptInt unless_zero(T value) {
  if (value == 0) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

bool had_handshake(const wire::TcpPicture& tcp) {
  const bool unconnected =
      tcp.state == TCP_SYN_SENT || tcp.state == TCP_SYN_RECV || tcp.state == TCP_CLOSE;
  return !unconnected || tcp.rtt_us > 0;  // a reset leaves the handshake's sample behind
}

// tcpi_bytes_received counts the peer's FIN as a byte (measured: 3 bytes and a FIN give 4). Without
// a segment that carried data there was no payload, whatever it counts. In CLOSE nobody can tell
// whether a FIN came, and while ours is on its way the peer's may arrive between the kernel's
// reading of the state and of the count: the column stays empty then.
store::OptInt payload_received(const wire::TcpPicture& tcp, PeerFin peer) {
  const std::uint64_t counted = tcp.bytes_received;
  const bool only_fin =
      counted == 1 && tcp.data_segs_in == 0 && tcp.known_bytes >= kHasDataSegments;
  if (counted == 0 || only_fin) {
    return known(tcp, kHasBytesReceived, 0);
  }
  const bool fin = peer == PeerFin::arrived || tcp.state == TCP_CLOSE_WAIT ||
                   tcp.state == TCP_LAST_ACK || tcp.state == TCP_CLOSING ||
                   tcp.state == TCP_TIME_WAIT;
  if (fin) return known(tcp, kHasBytesReceived, counted - 1);
  const bool may_have_come = tcp.state == TCP_CLOSE || tcp.state == TCP_FIN_WAIT1;
  if (may_have_come && peer == PeerFin::unknown) return std::nullopt;
  return known(tcp, kHasBytesReceived, counted);
}

// Payload the program handed over, where the pictures add up to exactly that. Without resends:
// transmitted + waiting. With resends but everything acknowledged: acknowledged + waiting, less
// the SYN and an acknowledged FIN, which tcpi_bytes_acked counts as a byte each. With resends still
// in flight nothing in TCP_INFO is exact, and the column stays empty.
store::OptInt payload_sent(const wire::TcpPicture& tcp, bool data_resent) {
  if (!data_resent) return known(tcp, kHasBytesSent, tcp.bytes_sent + tcp.notsent_bytes);
  if (tcp.unacked > 0) return std::nullopt;
  const std::uint64_t fin = tcp.state == TCP_FIN_WAIT2 || tcp.state == TCP_TIME_WAIT ? 1 : 0;
  if (tcp.bytes_acked < 1 + fin) return std::nullopt;
  return known(tcp, kHasNotSent, tcp.bytes_acked - 1 - fin + tcp.notsent_bytes);
}

}  // namespace

bool is_wiped(const wire::TcpPicture& tcp) {
  return tcp.state == TCP_CLOSE && tcp.segs_out == 0 && tcp.segs_in == 0;
}

void record_handshake(const wire::TcpPicture& tcp, bool sent, store::ConnectionRow& row) {
  row.tcp_state = tcp.state;
  row.syn_retransmits = std::max<std::int64_t>(tcp.total_retrans, tcp.retransmits);
  if (is_wiped(tcp)) {
    // Where nothing was sent, zeros are the truth.
    row.segs_out = sent ? std::nullopt : known(tcp, kHasSegments, tcp.segs_out);
    row.segs_in = sent ? std::nullopt : known(tcp, kHasSegments, tcp.segs_in);
    return;
  }
  row.rtt_us = unless_zero(tcp.rtt_us);
  if (row.rtt_us) row.rttvar_us = tcp.rttvar_us;
  row.rto_us = unless_zero(tcp.rto_us);
  record_last(tcp, PeerFin::unknown, row);
}

void record_last(const wire::TcpPicture& tcp, PeerFin fin, store::ConnectionRow& row) {
  if (is_wiped(tcp)) return;  // an earlier reading says more
  const std::int64_t total = tcp.total_retrans;
  if (had_handshake(tcp)) {
    if (total == 0) {
      row.retransmits = 0;
    } else if (row.syn_retransmits && total >= *row.syn_retransmits) {
      row.retransmits = total - *row.syn_retransmits;
    }
    row.bytes_sent = payload_sent(tcp, row.retransmits.value_or(1) != 0);
    row.bytes_received = payload_received(tcp, fin);
  }
  row.segs_out = known(tcp, kHasSegments, tcp.segs_out);
  row.segs_in = known(tcp, kHasSegments, tcp.segs_in);
  row.close_tcp_state = tcp.state;
  row.close_rtt_us = unless_zero(tcp.rtt_us);
  row.close_rto_us = unless_zero(tcp.rto_us);
  row.close_unacked = tcp.unacked;
  row.close_lost = tcp.lost;
  row.close_backoff = tcp.backoff;
  row.close_probes = tcp.probes;
  row.close_bytes_acked = known(tcp, kHasBytesReceived, tcp.bytes_acked);
  row.close_data_segs_in = known(tcp, kHasDataSegments, tcp.data_segs_in);
  row.close_notsent_bytes = known(tcp, kHasNotSent, tcp.notsent_bytes);
  row.close_delivered = known(tcp, kHasDelivered, tcp.delivered);
  row.close_snd_mss = unless_zero(tcp.snd_mss);
  row.close_pmtu = unless_zero(tcp.pmtu);
  // The handshake sets both clocks. Before it they stand at 0, and the kernel counts from its
  // start.
  if (had_handshake(tcp)) {
    row.close_last_ack_ms = tcp.last_ack_recv_ms;
    row.close_last_receive_ms = tcp.last_data_recv_ms;
  }
}

}  // namespace sockwatch::connect
