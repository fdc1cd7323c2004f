#include "shim/client.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <cerrno>
#include <cstring>

#include "shim/caller_memory.h"
#include "shim/clock.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/segment.h"
#include "shim/state.h"
#include "shim/tcp_picture.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

namespace sockwatch::shim::client {
namespace {

bool is_tcp(const Detail& detail) {
  return detail.type == SOCK_STREAM &&
         (detail.protocol == IPPROTO_TCP || detail.protocol == IPPROTO_MPTCP);
}

bool ask(int fd, int name, void* value, std::uint32_t length) {
  return !raw::failed(raw::call(SYS_getsockopt, fd, SOL_SOCKET, name, value, &length));
}

// Fills what the table does not know yet. False: not a socket.
bool identify(int fd, std::uint8_t bits, std::uint16_t family, Detail& detail) {
  if ((bits & kBorn) == 0) {
    // Not seen being made: inherited, or received from another process.
    int type = 0;
    int protocol = 0;
    if (!ask(fd, SO_TYPE, &type, sizeof(type)) ||
        !ask(fd, SO_PROTOCOL, &protocol, sizeof(protocol))) {
      return false;
    }
    const Detail known = detail;
    detail = Detail{};
    detail.family = family;
    detail.type = static_cast<std::uint16_t>(type);
    detail.protocol = static_cast<std::uint16_t>(protocol);
    if ((bits & kInEpoll) != 0) {
      detail.epoll_fd = known.epoll_fd;
      detail.epoll_data = known.epoll_data;
      detail.epoll_events = known.epoll_events;
    }
  }
  if (detail.cookie == 0 && !ask(fd, SO_COOKIE, &detail.cookie, sizeof(detail.cookie))) {
    detail.cookie = 0;  // before Linux 4.12: known by number only
  }
  return true;
}

void tell_option(int fd, int level, int name, std::int64_t value) {
  Record record(wire::Op::setsockopt, fd);
  if (record) {
    record.event().payload.option.level = level;
    record.event().payload.option.name = name;
    record.event().payload.option.value = value;
    record.publish();
  }
}

// What the program arranged before it connected: told now, because only now it matters.
void tell_arrangements(int fd, std::uint8_t bits, const Detail& detail) {
  if ((detail.options & kSendTimeout) != 0) {
    tell_option(fd, SOL_SOCKET, SO_SNDTIMEO, detail.send_timeout_ns);
  }
  if ((detail.options & kReceiveTimeout) != 0) {
    tell_option(fd, SOL_SOCKET, SO_RCVTIMEO, detail.receive_timeout_ns);
  }
  if ((detail.options & kUserTimeout) != 0) {
    tell_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, detail.user_timeout_ms);
  }
  if ((detail.options & kSynCount) != 0) {
    tell_option(fd, IPPROTO_TCP, TCP_SYNCNT, detail.syn_count);
  }
  if ((bits & kInEpoll) == 0) {
    return;
  }
  Record record(wire::Op::epoll_ctl, fd);
  if (record) {
    record.event().detail = EPOLL_CTL_ADD;
    record.event().payload.epoll.epoll_fd = detail.epoll_fd;
    record.event().payload.epoll.data = detail.epoll_data;
    record.event().payload.epoll.events = detail.epoll_events;
    record.publish();
  }
}

void begin(const Attempt& attempt, int fd) {
  Record record(wire::Op::connect, fd);
  if (record) {
    record.event().flags = wire::kBegin;
    record.event().detail = attempt.fast_open ? std::uint8_t{wire::kFastOpen} : std::uint8_t{0};
    record.endpoint(*attempt.detail);
    record.part(wire::Part::peer_address, &attempt.peer, attempt.length);
    record.publish();
  }
  tell_arrangements(fd, attempt.bits_before, *attempt.detail);
}

bool recorded_family(std::uint16_t family) {
  return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

// A tracked TCP socket that is connected or being connected is not a new attempt, whatever the
// program asks.
Attempt::Kind kind_by_state(int fd, const Detail& detail) {
  wire::TcpPicture picture;
  constexpr std::uint8_t kClosed = 7;
  if (!is_tcp(detail) || take_tcp_picture(fd, &picture) != 0 || picture.state == kClosed) {
    return Attempt::Kind::fresh;
  }
  return in_handshake(picture) ? Attempt::Kind::again : Attempt::Kind::unwatched;
}

void finish_fresh(const Attempt& attempt, int fd, Outcome outcome) {
  const bool failed = outcome.result < 0;
  const bool running = failed && (outcome.error == EINPROGRESS || outcome.error == EALREADY ||
                                  // An interrupted connect goes on; a Unix socket's was given up.
                                  (outcome.error == EINTR && attempt.detail->family != AF_UNIX));
  // Without Fast Open in this kernel the program will connect in the ordinary way.
  const bool refused_fast = attempt.fast_open && failed && outcome.error == EOPNOTSUPP;
  if (refused_fast || (failed && outcome.error == EISCONN && attempt.nonblocking)) {
    fd_table::change(fd, 0xff, attempt.bits_before);  // nothing began
    return;
  }
  fd_table::change(fd, kConnecting, running ? kTracked | kConnecting : kTracked);
  Record record(wire::Op::connect, fd);
  if (record) {
    record.outcome(outcome, attempt.start_ns);
    if (attempt.nonblocking) {
      record.event().flags |= wire::kNonBlocking;
    }
    if (attempt.fast_open || attempt.datagram) {
      record.event().detail = wire::kFastOpen;
    }
    record.endpoint(*attempt.detail);
    record.part(wire::Part::peer_address, &attempt.peer, attempt.length);
    if (!running) {
      publish_phase_end(record, fd, *attempt.detail);
    } else {
      if (!attempt.nonblocking) {
        // Its own time-out or a signal ended the wait: how far had it come?
        if (!add_picture(record, fd, *attempt.detail)) {
          record.abandon();
          return;
        }
      }
      // Where nothing is ever answered there is no later moment to ask for it.
      if (record.local_address(fd)) {
        attempt.detail->options |= kLocalTold;
      }
      record.publish();
    }
  }
  if (attempt.nonblocking || attempt.datagram) {
    tell_arrangements(fd, attempt.bits_before, *attempt.detail);
  }
}

void finish_again(const Attempt& attempt, int fd, Outcome outcome) {
  const bool running =
      outcome.result < 0 && (outcome.error == EALREADY || outcome.error == EINPROGRESS ||
                             outcome.error == EINTR || outcome.error == EFAULT);
  if (running) {
    fd_table::change(fd, 0, kConnecting);
  }
  // One that may wait has waited on, until SO_SNDTIMEO or a signal.
  const bool waited = running && !attempt.nonblocking && outcome.error != EFAULT;
  if (running && !waited && !state::settings.every_call) {
    return;
  }
  Record record(wire::Op::connect, fd);
  if (!record) {
    return;
  }
  record.outcome(outcome, attempt.start_ns);
  if (attempt.nonblocking) {
    record.event().flags |= wire::kNonBlocking;
  }
  record.endpoint(*attempt.detail);
  record.part(wire::Part::peer_address, &attempt.peer, attempt.length);
  if (!running) {
    publish_phase_end(record, fd, *attempt.detail);
  } else if (waited && !add_picture(record, fd, *attempt.detail)) {
    record.abandon();
  } else {
    record.publish();
  }
}

void finish_disconnect(const Attempt& attempt, int fd, Outcome outcome) {
  if (outcome.result < 0) {
    return;
  }
  fd_table::change(fd, 0xff, attempt.bits_before & (kBorn | kInEpoll));
  Record record(wire::Op::connect, fd);
  if (record) {
    record.outcome(outcome);
    record.endpoint(*attempt.detail);
    record.event().payload.endpoint.family = AF_UNSPEC;
    record.publish();
  }
}

}  // namespace

void prepare(Attempt& attempt, int fd, const sockaddr* address, socklen_t length) {
  attempt.length = length < sizeof(attempt.peer) ? length : sizeof(attempt.peer);
  const Questions questions;
  if (length < sizeof(sa_family_t) || !questions || !readable(address, attempt.length)) {
    return;
  }
  std::memcpy(&attempt.peer, address, attempt.length);
  const std::uint16_t family = attempt.peer.ss_family;
  const bool disconnect = family == AF_UNSPEC;
  if (disconnect ? !fd_table::tracked(fd) : !recorded_family(family)) {
    return;
  }
  const long flags = raw::call(SYS_fcntl, fd, F_GETFL);
  Process* process = raw::failed(flags) ? nullptr : process::ensure();
  if (process == nullptr || process::is_borrowed(*process)) {
    return;
  }
  if (static_cast<std::size_t>(fd) >= process::kDescriptors) {
    Record record(wire::Op::connect, fd);  // only so that there is a segment to count in
    if (record) {
      record.abandon();
    }
    segment::count_loss(*process, wire::Loss::descriptor);
    return;
  }
  attempt.nonblocking = (flags & O_NONBLOCK) != 0;
  attempt.bits_before = fd_table::bits(fd);
  attempt.detail = fd_table::detail(fd);
  if (attempt.detail == nullptr) {
    return;
  }
  Attempt::Kind kind = Attempt::Kind::fresh;
  if (disconnect) {
    kind = Attempt::Kind::disconnect;
  } else if ((attempt.bits_before & kConnecting) != 0) {
    kind = Attempt::Kind::again;
  } else if ((attempt.bits_before & kTracked) != 0) {
    kind = kind_by_state(fd, *attempt.detail);
  }
  if (kind == Attempt::Kind::unwatched ||
      !identify(fd, attempt.bits_before, family, *attempt.detail)) {
    return;
  }
  attempt.kind = kind;
  if (kind == Attempt::Kind::fresh) {
    const unsigned kept = attempt.bits_before & kInEpoll;
    // The first one takes long, and that is no part of the connect.
    (void)segment::of(*process);
    attempt.detail->last_active_ns = 0;
    attempt.detail->options &= static_cast<std::uint16_t>(~unsigned{kLocalTold});
    // While a blocking call runs there is nothing another thread's wait could learn about it.
    fd_table::change(fd, 0xff,
                     kept | kBorn | kTracked | (attempt.nonblocking ? unsigned{kConnecting} : 0U));
    if (!attempt.nonblocking && !attempt.datagram) {
      begin(attempt, fd);
    }
  }
  attempt.start_ns = clock::now_ns();
}

void finish(const Attempt& attempt, int fd, Outcome outcome) {
  switch (attempt.kind) {
    case Attempt::Kind::fresh:
      finish_fresh(attempt, fd, outcome);
      break;
    case Attempt::Kind::again:
      finish_again(attempt, fd, outcome);
      break;
    case Attempt::Kind::disconnect:
      finish_disconnect(attempt, fd, outcome);
      break;
    case Attempt::Kind::unwatched:
      break;
  }
}

bool add_picture(Record& record, int fd, const Detail& detail) {
  if (!is_tcp(detail)) {
    return true;
  }
  wire::TcpPicture picture;
  const int error = take_tcp_picture(fd, &picture);
  if (error == ENOTSOCK || error == EBADF) {
    fd_table::forget(fd);
    return false;
  }
  if (error == 0) {
    record.part(wire::Part::tcp, &picture, sizeof(picture));
  }
  return true;
}

void publish_phase_end(Record& record, int fd, Detail& detail, const wire::TcpPicture* picture) {
  if (picture != nullptr) {
    record.part(wire::Part::tcp, picture, sizeof(*picture));
  } else if (!add_picture(record, fd, detail)) {
    record.abandon();
    return;
  }
  if (record.event().op == wire::Op::connect || (detail.options & kLocalTold) == 0) {
    record.local_address(fd);
  }
  record.publish();
  detail.last_active_ns = record.event().t_ns;
  fd_table::change(fd, kConnecting, 0);
}

bool ends_connection(int error) {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENONET:
    case ENOPROTOOPT:
    case EPROTO:
    case EACCES:
    case EPIPE:
      return true;
    default:
      return false;
  }
}

bool is_still(int fd) {
  const Detail* detail = fd_table::detail_if_mapped(fd);
  const Questions questions;
  if (detail == nullptr || detail->cookie == 0 || !questions) {
    return true;
  }
  std::uint64_t cookie = 0;
  return ask(fd, SO_COOKIE, &cookie, sizeof(cookie)) && cookie == detail->cookie;
}

bool may_open_fast(int fd) {
  const Detail* detail = fd_table::detail_if_mapped(fd);
  return state::recording() && detail != nullptr &&
         (fd_table::bits(fd) & (kBorn | kTracked)) == kBorn && is_tcp(*detail);
}

bool may_open_datagram(int fd) {
  const Detail* detail = fd_table::detail_if_mapped(fd);
  return state::recording() && detail != nullptr && detail->type == SOCK_DGRAM &&
         (detail->family == AF_INET || detail->family == AF_INET6);
}

bool is_nonblocking(int fd) {
  const Questions questions;
  if (!questions) {
    return false;
  }
  const long flags = raw::call(SYS_fcntl, fd, F_GETFL);
  return !raw::failed(flags) && (flags & O_NONBLOCK) != 0;
}

}  // namespace sockwatch::shim::client
