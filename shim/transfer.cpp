#include "shim/transfer.h"

#include "shim/client.h"

namespace sockwatch::shim::transfer {
namespace {

constexpr int kTlsHandshakeRecord = 0x16;
// Shorter than any SO_RCVTIMEO can be (the kernel rounds up to its tick): the call did not wait.
constexpr std::uint64_t kShortestTimeout = 1'000'000;

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
  record.event().payload.transfer.message_flags = call.flags;
}

enum class With { nothing, picture, phase_end };

void publish(const Call& call, Outcome outcome, std::uint8_t detail_bits, const Detail& detail,
             With with, std::uint16_t event_flags = 0) {
  Record record(call.op, call.fd);
  if (!record) {
    return;
  }
  fill(record, call, outcome, detail_bits);
  record.event().flags |= event_flags;
  if (with == With::phase_end) {
    client::publish_phase_end(record, call.fd, detail);
  } else if (with == With::picture && !client::add_picture(record, call.fd, detail)) {
    record.abandon();
  } else {
    record.publish();
  }
}

void failed(const Call& call, Outcome outcome, const Detail& detail) {
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

// A receive that came back empty-handed: did it wait for the caller's SO_RCVTIMEO?
void receive_failed(const Call& call, Outcome outcome, const Detail& detail) {
  const bool again = outcome.error == EAGAIN || outcome.error == EWOULDBLOCK;
  if (again && awaits_bytes(call.bits) && (call.flags & MSG_DONTWAIT) == 0 &&
      clock::now_ns() - call.start_ns >= kShortestTimeout && !client::is_nonblocking(call.fd)) {
    publish(call, outcome, 0, detail, With::picture);
    return;
  }
  failed(call, outcome, detail);
}

}  // namespace

void about_to_send(int fd) {
  const Detail* detail = fd_table::detail_if_mapped(fd);
  if (detail != nullptr && expects_reply(*detail)) {
    fd_table::change(fd, 0, kAwaiting);
  }
}

void sent(const Call& call, Outcome outcome, int first_byte) {
  const Detail* detail = fd_table::detail_if_mapped(call.fd);
  if (detail == nullptr) {
    return;
  }
  const bool opened_turn = (call.bits & kAwaiting) == 0;
  if (opened_turn && outcome.result <= 0) {
    fd_table::change(call.fd, kAwaiting, 0);  // nothing was sent
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
  if (connecting || starts_turn || state::settings.every_call) {
    publish(call, outcome, detail_bits, *detail, connecting ? With::phase_end : With::nothing);
  }
}

void received(const Call& call, Outcome outcome, bool asked) {
  const Detail* detail = fd_table::detail_if_mapped(call.fd);
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
  const bool end = !error_queue && !data && asked && detail->type != SOCK_DGRAM;
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
  if (news || state::settings.every_call) {
    publish(call, outcome, detail_bits, *detail, with);
  }
}

int first_byte_of(const iovec* parts, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (parts[i].iov_len != 0) {
      return byte_at(parts[i].iov_base);
    }
  }
  return -1;
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
