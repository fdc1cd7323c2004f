// What one event looks like between the library and the collector.
//
// An event is one slot of 64 bytes. What does not fit (an address, a TCP_INFO picture, the
// descriptors of a wait, a host name) follows in continuation slots that are published together
// with it: a reader sees all slots of an event or none.
//
//   0        2      4        8                16          24           32         40
//   ┌────────┬──────┬────────┬────────────────┬───────────┬────────────┬──────────┐
//   │ op     │ flags│ fd     │ sequence       │ t_ns      │duration_ns │ result   │
//   ├────────┴──────┼────────┼───────┬────────┼───────────┴────────────┴──────────┘
//   │ tid           │ error  │ slots │ detail │ payload (16 bytes, by op)
//   └───────────────┴────────┴───────┴────────┴──────────────────
//   40              44       46      47       48
//
// Written by: the thread that owns the ring. Read by: the collector, which trusts nothing in it.
// Units: ns on CLOCK_MONOTONIC, bytes. Byte order and layout are the machine's own; the segment
// header carries sizes and a version, and a reader refuses what does not match.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace sockwatch::wire {

enum class Op : std::uint16_t {
  none = 0,
#define SOCKWATCH_OP(number, symbol, group) symbol = number,
#include "shim/wire/ops.def"
  // Records that are no call.
  continuation = 1000,  // further bytes of the event before it: see Continuation
  lost = 1001,          // events were dropped here: payload.lost
};

// Event::flags
enum Flag : std::uint16_t {
  kBegin = 1 << 0,     // written before the real call: connect, close, dup2, dup3 (order, and calls
                       // that never return)
  kHasStart = 1 << 1,  // duration_ns was measured; without it the start was not read
  kNonBlocking = 1 << 2,  // the descriptor had O_NONBLOCK when the call was made
  kMoreEntries =
      1 << 4,  // a wait: the next event continues the list of descriptors of the same call
  kNotReturned =
      1
      << 5,  // close family with kBegin: the TCP picture beside it was taken before the real close
};

// Event::detail for connect, send.., recv..: what the library knew about the descriptor at that
// moment.
enum TransferDetail : std::uint8_t {
  kTurnStart = 1 << 0,  // first send after a receive (or the first at all)
  kFirstByte = 1 << 1,  // first bytes received on this connection
  kEndOfFile = 1 << 2,  // a receive returned 0
  kPeeked = 1 << 3,     // MSG_PEEK: the bytes stay in the socket
  kTlsRecord =
      1 << 4,  // first byte ever sent was 0x16 (a TLS handshake record); no other byte is looked at
  kDontWait = 1 << 5,  // MSG_DONTWAIT
  kFastOpen = 1 << 6,  // connect: made by a send with MSG_FASTOPEN, or by one that names the peer
                       // of a datagram; the send follows
};

// Event::detail for select and pselect.
enum WaitDetail : std::uint8_t {
  kBeyondSet = 1 << 0,  // more descriptors (payload.wait.watched) than an fd_set has bits, and more
                        // than ever before in this process; told beside the wait itself
};

// Why events are missing. Counted in the segment, told in every report.
enum class Loss : std::uint32_t {
  ring_full = 0,   // the collector was slower than the thread
  no_slot = 1,     // more threads at once than the segment has rings
  nested = 2,      // a signal handler ran inside the few ns of a push
  no_memory = 3,   // the shared-memory file system had no room for the thread's ring
  descriptor = 4,  // a descriptor number beyond the table
  count = 5,
};
inline constexpr std::size_t kLossCauses = static_cast<std::size_t>(Loss::count);

// The part of TCP_INFO that verdicts need, from the kernel's struct tcp_info (linux/tcp.h). Fields
// the running kernel does not know are 0 and `known_bytes` (the length getsockopt returned) says
// so.
struct TcpPicture {
  std::uint64_t bytes_acked;
  std::uint64_t bytes_received;
  std::uint64_t bytes_sent;  // payload, with retransmissions; kernel 4.19
  std::uint32_t rto_us;
  std::uint32_t snd_mss;
  std::uint32_t unacked;  // on a listener: length of the accept queue
  std::uint32_t sacked;   // on a listener: limit of the accept queue
  std::uint32_t lost;
  std::uint32_t last_data_sent_ms;  // ms before the picture was taken
  std::uint32_t last_data_recv_ms;
  std::uint32_t last_ack_recv_ms;
  std::uint32_t pmtu;
  std::uint32_t rtt_us;  // 0 until the handshake gave a sample
  std::uint32_t rttvar_us;
  std::uint32_t min_rtt_us;
  std::uint32_t total_retrans;  // counts SYN retransmits while in SYN_SENT
  std::uint32_t segs_out;
  std::uint32_t segs_in;  // 0 after a time-out: nothing ever came back
  std::uint32_t data_segs_in;
  std::uint32_t data_segs_out;
  std::uint32_t notsent_bytes;
  std::uint32_t delivered;
  std::uint16_t known_bytes;
  std::uint8_t state;  // TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, ... (netinet/tcp.h)
  std::uint8_t ca_state;
  std::uint8_t retransmits;  // survives a failed blocking connect, where total_retrans reads 0
  std::uint8_t probes;
  std::uint8_t backoff;
  std::uint8_t reserved;
  std::uint32_t out_of_order;  // segments with payload that came before one they follow; 5.4
};
static_assert(sizeof(TcpPicture) == 112 && std::is_trivially_copyable_v<TcpPicture>);

// One descriptor of a poll or select: poll(2) bits. select is written in poll's words
// (read POLLIN, write POLLOUT, except POLLPRI).
struct WaitEntry {
  std::int32_t fd;
  std::uint16_t events;
  std::uint16_t revents;
};
static_assert(sizeof(WaitEntry) == 8);

union Payload {
  std::byte raw[16];  // first, so that `{}` clears all of it
  struct {
    std::int32_t domain, type, protocol;
  } socket;
  struct {
    std::uint64_t cookie;    // SO_COOKIE; 0 where the kernel gave none
    std::uint16_t family;    // AF_ of the address passed to connect
    std::uint16_t type;      // SOCK_
    std::uint16_t protocol;  // IPPROTO_
    std::uint16_t reserved;
  } endpoint;  // connect, and the end of a connection's connect phase (getsockopt,
               // getpeername, ...); bind that failed (only the family, and the address wanted as
               // Part::local_address)
  struct {
    std::uint64_t cookie;  // of the listener, as its family and protocol
    std::uint16_t family;
    std::uint16_t protocol;
    std::uint16_t waited_ms;  // the connection is known to have waited so long while nobody here
                              // accepted; 65535: or longer
    std::uint16_t failures;   // that end with this one and were not told before: the same errno
                              // repeats at most every 10 ms; 0 where the call gave a connection
  } accept;
  struct {
    std::int64_t timeout_ns;  // -1: for ever
    std::uint32_t watched;    // how many descriptors the caller passed (poll: nfds, select: nfds,
                              // epoll: maxevents)
    std::uint32_t reserved;
  } wait;  // fd of the event: the epoll descriptor, or -1
  struct {
    std::int32_t level, name;
    std::int64_t value;  // an int as it is; a struct timeval in ns
  } option;
  struct {
    std::uint64_t data;  // epoll_data as passed
    std::int32_t epoll_fd;
    std::uint32_t events;  // EPOLL_CTL_ADD/MOD/DEL is in Event::detail
  } epoll;
  struct {
    std::uint64_t idle_ns;  // a send that opens a turn, or failed to: since the last byte either
                            // way; 0: no byte before it, or no such send
    std::int32_t message_flags;     // MSG_
    std::uint8_t tcp_state_before;  // TCP_ just before that send; 0: not read
    std::uint8_t reserved[3];
  } transfer;
  struct {
    std::int32_t
        target_fd;         // dup2, dup3: the number that is replaced; fcntl F_DUPFD: the new number
    std::int32_t command;  // fcntl: F_; shutdown: SHUT_
    std::uint32_t first, last;  // close_range, closefrom
  } descriptor;
  struct {
    std::int32_t family;          // asked for
    std::uint32_t address_count;  // returned, before clamping
    std::uint64_t request;        // getaddrinfo_a: which of those under way; else 0
  } resolve;
  struct {
    std::uint64_t count;
    std::uint32_t cause;
    std::uint32_t reserved;
  } lost;
};

struct alignas(64) Event {
  Op op;
  std::uint16_t flags;
  std::int32_t fd;
  std::uint64_t sequence;  // slots (continuations too) published on this ring before this one: a
                           // gap is a proof
  std::uint64_t t_ns;      // when the call returned; with kBegin, just before it was made
  std::uint64_t duration_ns;
  std::int64_t result;
  std::uint32_t tid;
  std::int16_t error;  // errno after the call; 0 where the result was no failure
  std::uint8_t continuation_slots;
  std::uint8_t detail;
  Payload payload;
};
static_assert(sizeof(Event) == 64 && alignof(Event) == 64);
static_assert(std::is_trivially_copyable_v<Event> && std::is_standard_layout_v<Event>);
static_assert(offsetof(Event, op) == 0 && offsetof(Event, flags) == 2 && offsetof(Event, fd) == 4);
static_assert(offsetof(Event, sequence) == 8 && offsetof(Event, t_ns) == 16);
static_assert(offsetof(Event, duration_ns) == 24 && offsetof(Event, result) == 32);
static_assert(offsetof(Event, tid) == 40 && offsetof(Event, error) == 44);
static_assert(offsetof(Event, continuation_slots) == 46 && offsetof(Event, detail) == 47);
static_assert(offsetof(Event, payload) == 48 && sizeof(Payload) == 16);

// What a run of continuation slots of one kind carries.
enum class Part : std::uint16_t {
  peer_address = 1,   // struct sockaddr as the kernel accepted or returned it
  local_address = 2,  // struct sockaddr of getsockname
  tcp = 3,            // TcpPicture
  entries = 4,        // WaitEntry[]
  name = 5,           // host name asked for, no NUL
  service = 6,        // service asked for, no NUL
  addresses = 7,      // ResolvedAddress[]
  listening = 8,      // Listening: with the first accept after listen
};

struct Listening {
  std::uint64_t since_ns;  // when listen returned
  std::int32_t backlog;    // as passed
  std::uint32_t reserved;
};
static_assert(sizeof(Listening) == 16);

struct ResolvedAddress {
  std::uint16_t family;  // AF_INET (4 bytes used) or AF_INET6
  std::uint16_t reserved;
  std::uint8_t bytes[16];
};
static_assert(sizeof(ResolvedAddress) == 20);

// Same size and place of `op` as an Event. A part longer than kBytes takes several slots of the
// same `part` in a row.
struct alignas(64) Continuation {
  static constexpr std::size_t kBytes = 56;
  Op op;  // Op::continuation
  Part part;
  std::uint16_t length;  // bytes used in this slot
  std::uint16_t index;   // 1 for the slot right behind its event, 2 for the next, ...
  std::byte bytes[kBytes];
};
static_assert(sizeof(Continuation) == 64 && offsetof(Continuation, bytes) == 8);

inline constexpr std::size_t kMaxContinuationSlots = 12;  // one event never takes more
inline constexpr std::size_t kEntriesPerEvent =
    21;  // three continuation slots; longer waits use kMoreEntries
inline constexpr std::size_t kMaxNameBytes = 255;  // RFC 1035; longer names are cut
inline constexpr std::size_t kMaxResolvedAddresses = 16;

}  // namespace sockwatch::wire
