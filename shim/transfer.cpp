#include "shim/transfer.h"

#include "shim/caller_memory.h"
#include "shim/client.h"
#include "shim/tcp_picture.h"

namespace sockwatch::shim::transfer {
namespace {

constexpr int kTlsHandshakeRecord = 0x16;
// Shorter than any SO_RCVTIMEO can be (the kernel rounds up to its tick): the call did not wait.
constexpr std::uint64_t kShortestTimeout = 1'000'000;
// A connection that was silent for less is in use: nobody closes it for being idle, and no send
// pays for a look at its state.
constexpr std::uint64_t kLongPause = 1'000'000'000;

bool try_again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// A datagram socket of the Unix family (a system log) is never answered.
bool expects_reply(const Detail& detail) {
  return detail.family != AF_UNIX || detail.type == SOCK_STREAM;
}

void fill(Record& record, const Call& call, Outcome outcome, std::uint8_t detail_bits) {
  record.outcome(outcome, call.start_ns);
  record.event().detail = detail_bits;
  if ((call.flags & MSG_DONTWAIT) != 0) {
    record.event().detail |= wire::kDontWait;
  }
  auto& transfer = record.event().payload.transfer;
  transfer.message_flags = call.flags;
  transfer.idle_ns = call.pause.idle_ns;
  transfer.tcp_state_before = call.pause.tcp_state;
}

void note_active(Detail& detail, std::uint64_t t_ns) {
  detail.last_active_ns = t_ns != 0 ? t_ns : clock::coarse_now_ns();
}

enum class With { nothing, picture, phase_end };

// Returns when the call was over; 0 where nothing can be recorded.
std::uint64_t publish(const Call& call, Outcome outcome, std::uint8_t detail_bits, Detail& detail,
                      With with) {
  Record record(call.op, call.fd);
  if (!record) {
    return 0;
  }
  fill(record, call, outcome, detail_bits);
  if (with == With::phase_end) {
    client::publish_phase_end(record, call.fd, detail);
  } else if (with == With::picture && !client::add_picture(record, call.fd, detail)) {
    record.abandon();
  } else {
    record.publish();
  }
  return record.event().t_ns;
}

void failed(const Call& call, Outcome outcome, Detail& detail) {
  const bool connecting = (call.bits & kConnecting) != 0;
  if (connecting && client::ends_connection(outcome.error)) {
    publish(call, outcome, 0, detail, With::phase_end);
  } else if (!connecting && !try_again(outcome.error)) {
    // A wrong argument says nothing about the reply still to come.
    if (client::ends_connection(outcome.error)) {
      fd_table::change(call.fd, kAwaiting, 0);
    }
    publish(call, outcome, 0, detail, With::picture);
  } else if (state::settings.every_call) {
    publish(call, outcome, 0, detail, With::nothing);
  }
}

// Whether a receive that found nothing may have waited for that long. In the middle of a reply its
// start was not read, but then the bytes before it tell how long nothing has come.
bool may_have_waited(const Call& call, const Detail& detail) {
  if (call.start_ns != 0) {
    return clock::now_ns() - call.start_ns >= kShortestTimeout;
  }
  const auto limit_ns = static_cast<std::uint64_t>(detail.receive_timeout_ns);
  return limit_ns != 0 && detail.last_active_ns != 0 &&
         clock::now_ns() - detail.last_active_ns >= limit_ns;
}

// A receive that came back empty-handed: did it wait for the caller's SO_RCVTIMEO?
void receive_failed(const Call& call, Outcome outcome, Detail& detail) {
  const bool again = outcome.error == EAGAIN || outcome.error == EWOULDBLOCK;
  if (again && (call.flags & MSG_DONTWAIT) == 0 && may_have_waited(call, detail) &&
      !client::is_nonblocking(call.fd)) {
    publish(call, outcome, 0, detail, With::picture);
    return;
  }
  failed(call, outcome, detail);
}

// A send that found no room: did it wait for the caller's SO_SNDTIMEO? Asked only where one is set.
bool found_no_room(const Call& call, Outcome outcome, const Detail& detail) {
  const bool again = outcome.error == EAGAIN || outcome.error == EWOULDBLOCK;
  const bool limited = (detail.options & kSendTimeout) != 0 && detail.send_timeout_ns != 0;
  if (!again || !limited || (call.flags & MSG_DONTWAIT) != 0 || (call.bits & kConnecting) != 0) {
    return false;
  }
  const bool at_once = call.start_ns != 0 && clock::now_ns() - call.start_ns < kShortestTimeout;
  return !at_once && !client::is_nonblocking(call.fd);
}

}  // namespace

Pause about_to_send(int fd, std::uint8_t bits, std::uint64_t start_ns) {
  const Detail* detail = fd_table::detail_if_mapped(fd);
  if (detail == nullptr || !expects_reply(*detail)) {
    return {};
  }
  fd_table::change(fd, 0, kAwaiting);
  const std::uint64_t last_ns = detail->last_active_ns;
  if (last_ns == 0) {
    return {};
  }
  Pause pause;
  // Another thread may have moved bytes since `start_ns`.
  const std::uint64_t silent_ns = start_ns > last_ns ? start_ns - last_ns : 1;
  if ((bits & (kSent | kReceived)) != 0) {
    pause.idle_ns = silent_ns;
  }
  if (silent_ns >= kLongPause) {
    pause.tcp_state = tcp_state(fd);
  }
  return pause;
}

void moved(int fd) {
  Detail* detail = fd_table::detail_if_mapped(fd);
  if (detail != nullptr) {
    note_active(*detail, 0);
  }
}

void sent(const Call& call, Outcome outcome, int first_byte) {
  Detail* detail = fd_table::detail_if_mapped(call.fd);
  if (detail == nullptr) {
    return;
  }
  const bool opened_turn = (call.bits & kAwaiting) == 0;
  if (opened_turn && outcome.result <= 0) {
    fd_table::change(call.fd, kAwaiting, 0);  // nothing was sent
  }
  if (outcome.result < 0 && found_no_room(call, outcome, *detail)) {
    publish(call, outcome, 0, *detail, With::picture);
    return;
  }
  if (outcome.result < 0) {
    failed(call, outcome, *detail);
    return;
  }
  const bool connecting = (call.bits & kConnecting) != 0;
  const bool starts_turn = opened_turn && outcome.result > 0;
  std::uint8_t detail_bits = 0;
  if (starts_turn) {
    fd_table::change(call.fd, 0, kSent);
    detail_bits |= wire::kTurnStart;
    if (first_byte == kTlsHandshakeRecord) {
      detail_bits |= wire::kTlsRecord;
    }
    // Nobody answers a system log: its first message is told, the others are not.
    if (!expects_reply(*detail) && (call.bits & kSent) != 0 && !state::settings.every_call) {
      return;
    }
  }
  std::uint64_t t_ns = 0;
  if (connecting || starts_turn || state::settings.every_call) {
    t_ns =
        publish(call, outcome, detail_bits, *detail, connecting ? With::phase_end : With::nothing);
  }
  if (outcome.result > 0) {
    note_active(*detail, t_ns);
  }
}

void received(const Call& call, Outcome outcome, bool asked) {
  Detail* detail = fd_table::detail_if_mapped(call.fd);
  if (detail == nullptr) {
    return;
  }
  if (outcome.result < 0) {
    receive_failed(call, outcome, *detail);
    return;
  }
  const bool connecting = (call.bits & kConnecting) != 0;
  const bool peeked = (call.flags & MSG_PEEK) != 0;
  const bool error_queue = (call.flags & MSG_ERRQUEUE) != 0;
  const bool data =
      !error_queue && (outcome.result > 0 || (outcome.result == 0 && detail->type == SOCK_DGRAM));
  // Of a socket that keeps messages apart nought may be an empty one.
  const bool end = !error_queue && !data && asked && detail->type == SOCK_STREAM;
  std::uint8_t detail_bits = std::uint8_t{0};
  if (peeked) {
    detail_bits |= wire::kPeeked;
  }
  bool news = connecting;
  With with = connecting ? With::phase_end : With::nothing;
  if (data && !peeked) {
    const bool first = (call.bits & kReceived) == 0;
    news |= first || (call.bits & kAwaiting) != 0;
    fd_table::change(call.fd, kAwaiting, kReceived);
    if (first) {
      detail_bits |= wire::kFirstByte;
      with = connecting ? With::phase_end : With::picture;
    }
  } else if (end) {
    detail_bits |= wire::kEndOfFile;
    news |= (call.bits & kEnded) == 0;
    fd_table::change(call.fd, kAwaiting, kEnded);
  }
  std::uint64_t t_ns = 0;
  if (news || state::settings.every_call) {
    t_ns = publish(call, outcome, detail_bits, *detail, with);
  }
  if (data && !peeked) {
    note_active(*detail, t_ns);
    fd_table::note_received(process::current());
  }
}

int first_byte_of(const void* bytes, std::size_t size) {
  return size != 0 && readable(bytes, 1) ? *static_cast<const unsigned char*>(bytes) : -1;
}

int first_byte_of(const iovec* parts, std::size_t count) {
  constexpr std::size_t kMostParts = 1024;  // UIO_MAXIOV: the kernel takes no more
  for (std::size_t i = 0; i < count && count <= kMostParts && readable(&parts[i], sizeof(*parts));
       ++i) {
    if (parts[i].iov_len != 0) {
      return first_byte_of(parts[i].iov_base, parts[i].iov_len);
    }
  }
  return -1;
}

int first_byte_of(const msghdr* message) {
  return readable(message, sizeof(*message)) ? first_byte_of(message->msg_iov, message->msg_iovlen)
                                             : -1;
}

bool any_room(const iovec* parts, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (parts[i].iov_len != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace sockwatch::shim::transfer
