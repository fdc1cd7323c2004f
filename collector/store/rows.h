// The rows of a trace, as the collector writes and the viewer reads them. Field names are column
// names.
//
// Times are ns on CLOCK_MONOTONIC of the machine that recorded (the trace has the anchor to wall
// time). An empty optional is SQL NULL and means "not known", never "zero".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sockwatch::store {

using Ns = std::int64_t;
using OptInt = std::optional<std::int64_t>;
using OptText = std::optional<std::string>;

// How a process was observed, or why it was not.
// preload | notify | static | go | setuid | no-env | other-arch | other-libc
struct ProcessRow {
  std::int64_t id = 0;
  std::int64_t pid = 0;
  OptInt ppid;
  OptInt start_ticks;  // field 22 of /proc/PID/stat
  OptText exe;
  OptText command_line;  // arguments separated by one space
  OptInt uid;
  OptInt started_ns;
  OptInt ended_ns;
  OptInt
      exit_status;  // as a shell says it: 128 + signal where killed; only where we are the parent
  std::string coverage;
  OptInt descriptor_limit;  // RLIMIT_NOFILE, the soft one, when it was first seen
  OptText proxies;  // host:port of the proxy variables it was started with, one space between
};

// One attempt to connect and the life of the socket after it: from `connect` to close.
struct ConnectionRow {
  std::int64_t id = 0;
  std::int64_t process_id = 0;
  std::int64_t tid = 0;
  std::int64_t fd = -1;
  OptInt cookie;         // SO_COOKIE
  std::string family;    // ipv4 | ipv6 | unix | other; IPv4-mapped IPv6 is ipv4
  std::string protocol;  // tcp | udp | unix | sctp | other
  std::optional<bool> blocking;
  OptText peer_name;     // the name whose lookup returned peer_address
  OptText peer_address;  // unix: the path, abstract names with a leading @
  OptInt peer_port;
  OptText local_address;
  OptInt local_port;
  OptInt resolution_id;
  Ns started_ns = 0;
  OptInt decided_ns;  // connect phase over as far as can be seen from outside: readiness or the
                      // call's return
  OptInt noticed_ns;  // the program learned the result: connect's return, SO_ERROR, second connect,
                      // first transfer
  OptInt first_send_ns;
  OptInt first_receive_ns;
  OptInt closed_ns;
  std::string outcome;  // see collector/connect/README.md
  OptText ending;
  OptInt error;  // column `errno`: of the connect phase if it failed, else of the failing transfer
  OptInt budget_ns;        // time the caller gave, of the call that gave up (or the limit in force)
  OptText budget_source;   // poll | select | epoll | SO_RCVTIMEO | SO_SNDTIMEO | TCP_USER_TIMEOUT |
                           // kernel | signal
  std::int64_t waits = 0;  // waits seen for this socket: all while connecting, expired ones later
  std::int64_t expired_waits = 0;
  // TCP_INFO at the end of the connect phase
  OptInt tcp_state;  // kernel's number: 1 ESTABLISHED, 2 SYN_SENT, 7 CLOSE
  OptInt syn_retransmits;
  OptInt rtt_us;  // of the handshake
  OptInt rttvar_us;
  OptInt rto_us;
  // TCP_INFO at the last reading (close, error, or the end of the connect phase if there was no
  // other)
  OptInt retransmits;  // after the handshake
  OptInt segs_out;
  OptInt segs_in;     // 0: nothing ever came back
  OptInt bytes_sent;  // payload accepted by the kernel from the program where counted, else
                      // acknowledged + in flight
  OptInt bytes_received;
  OptInt close_tcp_state;
  OptInt close_rtt_us;
  OptInt close_rto_us;
  OptInt close_unacked;
  OptInt close_lost;
  OptInt close_backoff;
  OptInt close_probes;
  OptInt close_bytes_acked;
  OptInt close_data_segs_in;
  OptInt close_notsent_bytes;
  OptInt close_delivered;
  OptInt close_snd_mss;
  OptInt close_pmtu;
  OptInt close_last_ack_ms;
  OptInt close_last_receive_ms;
  // request → first byte of the reply
  std::int64_t turns = 0;
  std::int64_t turn_total_ns = 0;
  std::int64_t turn_max_ns = 0;
  std::optional<bool> tls;  // first byte sent was a TLS handshake record
  // The pause before the newest send that begins a turn: since the last byte either way.
  OptInt idle_ns;
  OptInt idle_answered_ns;          // the longest such pause after which a reply still came
  OptInt send_tcp_state;            // state before that newest send, read where idle_ns >= 1 s
  std::optional<bool> interrupted;  // a signal broke off connect (EINTR)
  std::optional<bool> fast_open;  // the SYN carried data, or was left to the first send; udp: never
                                  // connected, the first send named the peer
  std::optional<bool> reply_begun;  // some of the reply that was given up on had come
  OptInt waited_out_ns;  // of `abandoned`: when the newest poll or select for room to send ended
                         // without; the handshake was not over then
  OptInt asked_ns;       // start of the newest turn: the first send after a receive
  OptInt answered_ns;    // the first bytes of the reply to that
  OptInt close_out_of_order;  // segments received ahead of one that was missing
};

// A socket that listens, from listen to its close.
struct ListenerRow {
  std::int64_t id = 0;
  std::int64_t process_id = 0;
  std::int64_t fd = -1;
  std::string family;    // as in ConnectionRow
  std::string protocol;  // tcp | unix | other
  OptText local_address;
  OptInt local_port;
  OptInt backlog;  // as passed to listen; the kernel caps it at somaxconn
  Ns started_ns = 0;
  OptInt closed_ns;
  std::int64_t accepts = 0;   // connections handed to the program
  std::int64_t failures = 0;  // accept errors other than EAGAIN, EINTR and EINVAL
  OptInt accept_gap_max_ns;   // longest time a connection is known to have waited while this
                              // process accepted none
  // The accept queue as TCP_INFO of the listener shows it, at the few moments it was read.
  std::int64_t pictures = 0;
  OptInt queue_max;       // longest
  OptInt queue_limit;     // the kernel's limit for it
  std::int64_t full = 0;  // pictures that found it full
  OptInt first_full_ns;
  OptInt last_full_ns;
};

// Calls that failed before there was a connection to blame: socket, bind, listen, accept, and
// select with a descriptor it cannot hold. One row per process, call, errno, and address of a bind.
struct FailedCallRow {
  std::int64_t id = 0;
  std::int64_t process_id = 0;
  std::string call;
  std::int64_t error = 0;  // column `errno`
  std::int64_t count = 0;
  Ns first_ns = 0;
  Ns last_ns = 0;
  OptInt argument;  // select: the largest nfds; bind: the port of the newest failure
  OptText address;  // bind: the address wanted
};

struct ResolutionRow {
  std::int64_t id = 0;
  std::int64_t process_id = 0;
  std::int64_t tid = 0;
  OptText name;
  OptText service;
  Ns started_ns = 0;
  Ns duration_ns = 0;
  std::int64_t result =
      0;  // EAI_ of getaddrinfo, h_errno of gethostbyname; 0: found; EAI_INPROGRESS: never ended
  OptInt error;           // errno where result is EAI_SYSTEM
  std::string addresses;  // separated by one space, in the order returned
  OptText family;         // of the addresses asked for: any | ipv4 | ipv6
};

struct WaitRow {
  std::int64_t id = 0;
  std::int64_t process_id = 0;
  std::int64_t tid = 0;
  OptInt connection_id;
  std::string call;
  Ns started_ns = 0;
  OptInt timeout_ns;  // empty: for ever
  std::int64_t result = 0;
};

// Only with --detail calls.
struct CallRow {
  std::int64_t process_id = 0;
  std::int64_t tid = 0;
  OptInt connection_id;
  std::int64_t fd = -1;
  std::string call;
  Ns started_ns = 0;
  OptInt duration_ns;
  std::int64_t result = 0;
  OptInt error;
};

struct LossRow {
  OptInt process_id;
  std::string cause;  // ring_full | no_slot | nested | no_memory | descriptor | broken_ring | ...
  std::int64_t count = 0;
};

// How far one ring has been stored. Committed together with the rows made from it.
struct PositionRow {
  std::string segment;  // file name of the segment
  std::int64_t slot = 0;
  std::int64_t sequence = 0;
};

}  // namespace sockwatch::store
