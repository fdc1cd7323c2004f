// What is known about a descriptor number: one byte of bits, and for sockets a Detail.
//
// A number that was never connected has no bits, and costs a hook one load. Numbers are reused and
// closes can pass us by (io_uring, code inside libc), so every call that returns a new number
// starts it afresh. Several threads may change one byte at once; the counts of pending descriptors
// always agree with the bytes because both change by the same difference.
#pragma once

#include <atomic>
#include <cstdint>

#include "shim/process.h"

namespace sockwatch::shim {

enum Bits : std::uint8_t {
  kBorn = 1 << 0,        // made by socket(): Detail is valid
  kTracked = 1 << 1,     // a client: connect was called on it
  kConnecting = 1 << 2,  // and has not ended, as far as the program could know
  kAwaiting = 1 << 3,    // something was sent and nothing came back since
  kSent = 1 << 4,        // something was sent, ever
  kReceived = 1 << 5,    // something was received, ever
  kEnded = 1 << 6,       // a receive told the program that the peer will send no more
  kInEpoll = 1 << 7,     // Detail remembers the epoll descriptor it was added to
  // These three together, without kBorn and kTracked: a listener. Single ones can be left behind by
  // a transfer that returned after its descriptor was closed.
  kListening = kSent | kReceived | kEnded,
};

// Set by the program before it connected, told to the collector with the connect.
enum KnownOption : std::uint16_t {
  kSendTimeout = 1 << 0,
  kReceiveTimeout = 1 << 1,
  kUserTimeout = 1 << 2,
  kSynCount = 1 << 3,
  // No option: it left `epoll_fd`, and the collector does not know (membership.h).
  kLeftUntold = 1 << 14,
  // No option: the connect has told the local address already.
  kLocalTold = 1 << 15,
};

struct alignas(64) Detail {
  std::uint64_t cookie;  // 0: not asked yet, or the kernel has none
  std::uint64_t epoll_data;
  // The first of each pair is a client's, the second a listener's.
  union {
    std::int32_t epoll_fd;
    std::int32_t backlog;
  };
  union {
    std::uint32_t epoll_events;
    std::uint32_t listen_untold;  // 1: listen was called, and the collector does not know of it
  };
  union {
    std::int64_t send_timeout_ns;
    std::int64_t accepted_ns;  // when accept last gave a connection, or listen was called
  };
  union {
    std::int64_t receive_timeout_ns;
    std::int64_t looked_ns;  // when its queue was last looked at
  };
  union {
    std::int32_t user_timeout_ms;
    std::uint32_t untold_failures;
  };
  union {
    std::int32_t syn_count;
    std::int32_t failed_error;  // of the newest failure
  };
  std::uint16_t options;  // KnownOption
  std::uint16_t family;   // AF_ given to socket()
  std::uint16_t type;     // SOCK_, without flags
  std::uint16_t protocol;
  // When bytes last moved, or the connect phase ended; 0: not known. CLOCK_MONOTONIC, as much as a
  // tick behind.
  std::uint64_t last_active_ns;
};
static_assert(sizeof(Detail) == 64);

namespace fd_table {

inline std::uint8_t bits(int fd) {
  Process& process = process::current();
  if (static_cast<std::uint32_t>(fd) >= process.limit.load(std::memory_order_relaxed)) {
    return 0;
  }
  return process.bits()[fd].load(std::memory_order_relaxed);
}

inline bool is_listening(std::uint8_t bits) {
  return (bits & (kBorn | kTracked | kListening)) == kListening;
}
inline bool listening(int fd) { return is_listening(bits(fd)); }

inline bool tracked(int fd) { return (bits(fd) & kTracked) != 0; }

// Clears, then sets. Returns the bits as they were; 0, and no change, beyond the table. No change
// where the descriptor is not one of the process's (thread::is_foreign).
std::uint8_t change(int fd, unsigned clear, unsigned set);

// The number was given anew, or is no socket any more: what is known of it is of the past.
void forget_known(int fd);
inline void forget(int fd) {
  if (bits(fd) != 0) {
    forget_known(fd);
  }
}

// The record behind a number, mapped when first wanted; nullptr without memory or beyond the table.
Detail* detail(int fd);

// The same, but never maps.
Detail* detail_if_mapped(int fd);

// The program got `fd` from socket(): a possible client.
void born(int fd, int family, int type, int protocol);

// `fd` is one more number for the socket that `from` names.
void copy(int from, int fd);

// Bytes came back on a connection, or it got ready to talk: one of the next selects may wait for
// more of it. A few of them and no more, because saving sets that lie on the heap takes system
// calls, and a program may select on others for ever while its connection rests.
inline constexpr std::uint32_t kSelectsSaved = 8;

inline void note_received(Process& process) {
  if (process.fresh.load(std::memory_order_relaxed) != kSelectsSaved) {
    process.fresh.store(kSelectsSaved, std::memory_order_relaxed);
  }
}

// One above the highest descriptor of interest: where a walk over the table can stop.
inline int end() {
  return static_cast<int>(process::current().end.load(std::memory_order_relaxed));
}

}  // namespace fd_table
}  // namespace sockwatch::shim
