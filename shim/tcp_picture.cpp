#include "shim/tcp_picture.h"

// The kernel's own struct: the one in netinet/tcp.h of glibc ends before the counters we need.
#include <linux/tcp.h>
#include <netinet/in.h>

#include <cerrno>

#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"

namespace sockwatch::shim {
namespace {
constexpr std::uint8_t kSynSent = 2;
constexpr std::uint8_t kSynReceived = 3;
}  // namespace

int take_tcp_picture(int fd, wire::TcpPicture* picture) {
  const Questions questions;
  if (!questions) {
    return EPERM;
  }
  tcp_info info{};
  std::uint32_t length = sizeof(info);
  const long result = raw::call(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &length);
  if (raw::failed(result)) {
    return static_cast<int>(-result);
  }
  *picture = wire::TcpPicture{};
  picture->bytes_acked = info.tcpi_bytes_acked;
  picture->bytes_received = info.tcpi_bytes_received;
  picture->bytes_sent = info.tcpi_bytes_sent;
  picture->rto_us = info.tcpi_rto;
  picture->snd_mss = info.tcpi_snd_mss;
  picture->unacked = info.tcpi_unacked;
  picture->sacked = info.tcpi_sacked;
  picture->lost = info.tcpi_lost;
  picture->last_data_sent_ms = info.tcpi_last_data_sent;
  picture->last_data_recv_ms = info.tcpi_last_data_recv;
  picture->last_ack_recv_ms = info.tcpi_last_ack_recv;
  picture->pmtu = info.tcpi_pmtu;
  picture->rtt_us = info.tcpi_rtt;
  picture->rttvar_us = info.tcpi_rttvar;
  picture->min_rtt_us = info.tcpi_min_rtt;
  picture->total_retrans = info.tcpi_total_retrans;
  picture->segs_out = info.tcpi_segs_out;
  picture->segs_in = info.tcpi_segs_in;
  picture->data_segs_in = info.tcpi_data_segs_in;
  picture->data_segs_out = info.tcpi_data_segs_out;
  picture->notsent_bytes = info.tcpi_notsent_bytes;
  picture->delivered = info.tcpi_delivered;
  picture->known_bytes = static_cast<std::uint16_t>(length);
  picture->state = info.tcpi_state;
  picture->ca_state = info.tcpi_ca_state;
  picture->retransmits = info.tcpi_retransmits;
  picture->probes = info.tcpi_probes;
  picture->backoff = info.tcpi_backoff;
  picture->out_of_order = info.tcpi_rcv_ooopack;
  return 0;
}

std::uint8_t tcp_state(int fd) {
  const Questions questions;
  std::uint8_t state = 0;  // the first byte of struct tcp_info
  std::uint32_t length = sizeof(state);
  const bool known = questions && !raw::failed(raw::call(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO,
                                                         &state, &length));
  return known ? state : std::uint8_t{0};
}

bool in_handshake(const wire::TcpPicture& picture) {
  return picture.state == kSynSent || picture.state == kSynReceived;
}

}  // namespace sockwatch::shim
