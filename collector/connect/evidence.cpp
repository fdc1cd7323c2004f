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
constexpr unsigned kHasOutOfOrder = 228;

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
// whether a FIN came, and after ours the peer's may arrive between the kernel's reading of the
// state and of the count (measured: FIN_WAIT2 with the FIN in it). Where no segment with data has
// come since an earlier reading, its count stands; else the column stays empty.
store::OptInt payload_received(const wire::TcpPicture& tcp, PeerFin peer,
                               const store::ConnectionRow& before) {
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
  const bool may_have_come =
      tcp.state == TCP_CLOSE || tcp.state == TCP_FIN_WAIT1 || tcp.state == TCP_FIN_WAIT2;
  if (may_have_come && peer == PeerFin::unknown) {
    const bool no_more =
        tcp.known_bytes >= kHasDataSegments && before.close_data_segs_in == tcp.data_segs_in;
    return no_more ? before.bytes_received : std::nullopt;
  }
  return known(tcp, kHasBytesReceived, counted);
}

// The program has shut its side down: a FIN of ours stands behind the payload, acknowledged, on its
// way or still waiting.
bool has_own_fin(std::uint8_t state) {
  return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING ||
         state == TCP_LAST_ACK || state == TCP_TIME_WAIT;
}

// Payload the program handed over, where the picture adds up to exactly that; else empty.
//
// tcpi_bytes_acked and tcpi_notsent_bytes count the sequence space: the SYN and our FIN are in it
// as a byte each. tcpi_bytes_sent is payload, but counts a segment whenever it is tried: resends,
// and also what a filter on this host drops before it is on its way (measured: 50 bytes under a
// drop in the output chain count as 300 after 1.5 s, with nothing resent and nothing
// unacknowledged).
store::OptInt payload_sent(const wire::TcpPicture& tcp, bool data_resent) {
  const bool closed = tcp.state == TCP_CLOSE;  // what was on its way has been thrown away
  const bool fin = has_own_fin(tcp.state);
  if (tcp.unacked == 0 && !closed) {
    const std::uint64_t counted = tcp.bytes_acked + tcp.notsent_bytes;
    const std::uint64_t no_payload = fin ? 2 : 1;
    if (counted < no_payload) return std::nullopt;
    return known(tcp, kHasNotSent, counted - no_payload);
  }
  const std::uint64_t fin_waiting = fin && tcp.notsent_bytes > 0 ? 1 : 0;
  const std::uint64_t tried = tcp.bytes_sent + tcp.notsent_bytes - fin_waiting;
  // All that was tried is acknowledged, so nothing was tried twice: what is on its way is the FIN.
  if (tcp.bytes_sent + 1 == tcp.bytes_acked) return known(tcp, kHasBytesSent, tried);
  if (data_resent || (closed && tcp.probes > 0)) return std::nullopt;
  // More segments were tried than arrived (the SYN counts as one) or are on their way.
  const std::uint64_t out = std::uint64_t{tcp.data_segs_out} + 1 + tcp.sacked;
  if (!closed && out > std::uint64_t{tcp.delivered} + tcp.unacked) return std::nullopt;
  return known(tcp, kHasBytesSent, tried);
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
    row.bytes_received = payload_received(tcp, fin, row);
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
  row.close_out_of_order = known(tcp, kHasOutOfOrder, tcp.out_of_order);
  row.close_notsent_bytes = known(tcp, kHasNotSent, tcp.notsent_bytes);
  row.close_delivered = known(tcp, kHasDelivered, tcp.delivered);
  row.close_snd_mss = unless_zero(tcp.snd_mss);
  row.close_pmtu = unless_zero(tcp.pmtu);
  // Before the handshake these clocks stand at the start of the machine.
  const bool heard = had_handshake(tcp);
  row.close_last_ack_ms = heard ? store::OptInt(tcp.last_ack_recv_ms) : std::nullopt;
  row.close_last_receive_ms = heard ? store::OptInt(tcp.last_data_recv_ms) : std::nullopt;
}

void forget_last(store::ConnectionRow& row) {
  for (store::OptInt* cell : {&row.retransmits,
                              &row.bytes_sent,
                              &row.bytes_received,
                              &row.segs_out,
                              &row.segs_in,
                              &row.close_tcp_state,
                              &row.close_rtt_us,
                              &row.close_rto_us,
                              &row.close_unacked,
                              &row.close_lost,
                              &row.close_backoff,
                              &row.close_probes,
                              &row.close_bytes_acked,
                              &row.close_data_segs_in,
                              &row.close_out_of_order,
                              &row.close_notsent_bytes,
                              &row.close_delivered,
                              &row.close_snd_mss,
                              &row.close_pmtu,
                              &row.close_last_ack_ms,
                              &row.close_last_receive_ms}) {
    cell->reset();
  }
}

}  // namespace sockwatch::connect
