#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "collector/connect/state.h"

namespace sockwatch::connect {

void Tracker::State::on_socket(const Observation& o) {
  if (o.result >= 0) return number_is_new(static_cast<int>(o.result));
  failed_calls_.add(o);
  // No descriptor, no memory: what was to be a connection never became one. Other errors are
  // programs asking what the kernel supports.
  const bool out_of_something =
      o.error == EMFILE || o.error == ENFILE || o.error == ENOBUFS || o.error == ENOMEM;
  const auto& wanted = o.payload.socket;
  if (!out_of_something || (wanted.domain != AF_INET && wanted.domain != AF_INET6)) return;
  Observation failed = o;
  failed.fd = -1;
  failed.payload.endpoint = {0, static_cast<std::uint16_t>(wanted.domain),
                             static_cast<std::uint16_t>(wanted.type & 0xf),
                             static_cast<std::uint16_t>(wanted.protocol), 0};
  const auto attempt = new_attempt(failed, o.start_ns());
  attempt->row().blocking = (wanted.type & SOCK_NONBLOCK) == 0;
  Attempt::Failure failure;
  failure.error = {o.error, true, false, false};
  failure.noticed_ns = o.t_ns;
  attempt->fail(failure, std::nullopt, {});
  changed(attempt);
}

void Tracker::State::on_accept(const Observation& o) {
  if (o.result >= 0) number_is_new(static_cast<int>(o.result));
  if (o.result < 0) failed_calls_.add_all(o, std::max<std::int64_t>(1, o.payload.accept.failures));
  listeners_.accepted(o);
}

void Tracker::State::on_setsockopt(const Observation& o) {
  if (o.result != 0) return;
  const auto& option = o.payload.option;
  constexpr int kSendTimeoutNew = 67;  // SO_SNDTIMEO_NEW: 64-bit time on 32-bit machines
  constexpr int kReceiveTimeoutNew = 66;
  const auto limit = [](store::Ns ns) { return ns > 0 ? std::optional(ns) : std::nullopt; };
  if (option.level == SOL_SOCKET) {
    if (option.name == SO_SNDTIMEO || option.name == kSendTimeoutNew) {
      sockets_.find_or_create(o.fd)->options.send_timeout_ns = limit(option.value);
    } else if (option.name == SO_RCVTIMEO || option.name == kReceiveTimeoutNew) {
      sockets_.find_or_create(o.fd)->options.receive_timeout_ns = limit(option.value);
    }
  } else if (option.level == IPPROTO_TCP && option.name == TCP_USER_TIMEOUT) {
    const store::Ns ms = std::clamp<store::Ns>(option.value, 0, kMostNs / kNsPerMs);
    sockets_.find_or_create(o.fd)->options.user_timeout_ns = limit(ms * kNsPerMs);
  }
}

void Tracker::State::on_duplicate(const Observation& o, int to) {
  if (o.result < 0 || to < 0 || to == o.fd) return;
  number_is_new(to);
  if (listeners_.knows(o.fd)) return listeners_.duplicated(o.fd, to);
  sockets_.drop(to);
  sockets_.alias(o.fd, to);
}

// The event before the call closes what the target meant (it is only written if the source is a
// descriptor, so the call will succeed); the one after it, written if the source is tracked, says
// what the target means now. The number is never free in between.
void Tracker::State::on_overwrite(const Observation& o) {
  const int target = o.payload.descriptor.target_fd;
  if (target < 0 || target == o.fd || (!o.has(wire::kBegin) && o.result < 0)) return;
  number_gone(target, {o.t_ns, o.tid, o.tcp});
  if (o.has(wire::kBegin)) return;
  if (listeners_.knows(o.fd)) return listeners_.duplicated(o.fd, target);
  sockets_.alias(o.fd, target);
}

void Tracker::State::on_close(const Observation& o) {
  // Written before the call; after it the number may be somebody else's already.
  if (!o.has(wire::kBegin)) return;
  const auto& range = o.payload.descriptor;
  const bool is_range = o.op == wire::Op::close_range || o.op == wire::Op::closefrom;
  if (!is_range || o.tcp) {  // a picture is of one socket
    if (!sockets_.find(o.fd) && !listeners_.knows(o.fd)) ++orphans;
    return number_gone(o.fd, {o.t_ns, o.tid, o.tcp});
  }
  for (const int fd : sockets_.in_range(range.first, range.last)) {
    number_gone(fd, {o.t_ns, o.tid, std::nullopt});
  }
  listeners_.range_gone(range.first, range.last, o.t_ns);
}

void Tracker::State::number_gone(int fd, const Gone& gone) {
  if (logs_.find({false, fd}) != nullptr) set_gone(fd);
  listeners_.number_gone(fd, gone.t_ns, gone.tcp);
  Socket* const socket = sockets_.find(fd);
  if (!socket) return;
  if (socket->numbers == 1) end_attempt(*socket, gone);
  sockets_.drop(fd);
}

// What was waited on the old set counts; what will be waited on another of this number does not.
void Tracker::State::set_gone(int epoll_fd) {
  sockets_.for_each([&](int, Socket& socket) {
    const auto member = std::ranges::find(socket.sets, epoll_fd, &EpollMembership::epoll_fd);
    if (member == socket.sets.end()) return;
    read_logs(socket);
    socket.sets.erase(member);
  });
  logs_.forget_set(epoll_fd);
}

void Tracker::State::number_is_new(int fd) {
  if (logs_.find({false, fd}) != nullptr) set_gone(fd);
  if (sockets_.find(fd) || listeners_.knows(fd)) number_gone(fd, {});
  sockets_.replace(fd);
}

void Tracker::State::end_attempt(Socket& socket, const Gone& gone) {
  if (!socket.attempt) return;
  Attempt& attempt = *socket.attempt;
  read_logs(socket);
  if (socket.call) {
    if (socket.call->tid == gone.tid) {
      attempt.left_call(socket.call->began_ns);
    } else {
      orphaned_calls_[socket.call->tid] = static_cast<int>(attempt.row().fd);
    }
    socket.call.reset();
  }
  Attempt::Close close{gone.t_ns, gone.tcp, false};
  if (gone.t_ns && attempt.connecting()) {
    attempt.jumped(*gone.t_ns);
    close.sibling_won =
        races_.lost(attempt.row(), {*gone.t_ns, gone.tid, attempt.last_expired_ns()});
  }
  attempt.close(close, socket.options);
  changed(socket.attempt);
  socket.attempt.reset();
}

}  // namespace sockwatch::connect
