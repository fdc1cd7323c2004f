#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "collector/connect/ops.h"
#include "collector/connect/state.h"

namespace sockwatch::connect {

namespace {

bool is_unspec(const Observation& o) {
  return o.payload.endpoint.family == AF_UNSPEC && (!o.peer || o.peer->family == "other");
}

std::string family_of(const Observation& o) {
  if (o.peer) return o.peer->family;
  switch (o.payload.endpoint.family) {
    case AF_INET:
      return "ipv4";
    case AF_INET6:
      return "ipv6";
    case AF_UNIX:
      return "unix";
    default:
      return "other";
  }
}

std::string protocol_of(const Observation& o, const std::string& family) {
  const auto& endpoint = o.payload.endpoint;
  if (family == "unix") return "unix";
  if (family != "ipv4" && family != "ipv6") return "other";
  switch (endpoint.protocol) {
    case IPPROTO_TCP:
    case IPPROTO_MPTCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_SCTP:
      return "sctp";
    case 0:
      if (endpoint.type == SOCK_STREAM) return "tcp";
      if (endpoint.type == SOCK_DGRAM) return "udp";
      return "other";
    default:
      return "other";
  }
}

// A kernel that has taken a failed socket apart shows address 0 and the port it had chosen.
void fill_local(const std::optional<Address>& local, store::ConnectionRow& row) {
  if (!local || row.local_port || local->text.empty()) return;
  const bool wildcard = local->text == "0.0.0.0" || local->text == "::";
  if (!wildcard) row.local_address = local->text;
  if (local->family != "unix" && local->port != 0) row.local_port = local->port;
}

bool same_socket(const Attempt& attempt, const Observation& o) {
  const auto cookie = static_cast<std::int64_t>(o.payload.endpoint.cookie);
  return cookie == 0 || !attempt.row().cookie || *attempt.row().cookie == cookie;
}

// Connected, TCP Fast Open style: the call returned 0, and no packet has left (the kernel shows
// SYN_SENT or, older ones, CLOSE) or the bytes went with the SYN, which may have been refused
// since.
bool is_promise(const Observation& o) {
  if (!o.tcp || o.tcp->known_bytes == 0) return false;
  const bool by_send = (o.detail & wire::kFastOpen) != 0;
  const bool nothing_left = o.tcp->segs_out == 0 && o.tcp->segs_in == 0;
  return o.tcp->state == TCP_SYN_SENT || o.tcp->state == TCP_SYN_RECV ||
         (o.tcp->state == TCP_CLOSE && (by_send || nothing_left));
}

Conversation::Pause pause_of(const Observation& o) {
  const auto& transfer = o.payload.transfer;
  Conversation::Pause pause;
  if (transfer.idle_ns != 0 && transfer.idle_ns <= static_cast<std::uint64_t>(o.t_ns)) {
    pause.idle_ns = static_cast<store::Ns>(transfer.idle_ns);
  }
  if (transfer.tcp_state_before != 0) pause.tcp_state = transfer.tcp_state_before;
  return pause;
}

bool is_bad_argument(int error) {
  return error == EFAULT || error == EINVAL || error == EAFNOSUPPORT || error == EBADF;
}

}  // namespace

std::shared_ptr<Attempt> Tracker::State::new_attempt(const Observation& o, store::Ns started_ns) {
  store::ConnectionRow row;
  row.id = ids.next_connection++;
  row.process_id = process_id;
  row.tid = o.tid;
  row.fd = o.fd;
  if (o.payload.endpoint.cookie != 0) {
    row.cookie = static_cast<std::int64_t>(o.payload.endpoint.cookie);
  }
  row.family = family_of(o);
  row.protocol = protocol_of(o, row.family);
  row.blocking = !o.has(wire::kNonBlocking);
  row.interrupted = false;
  row.fast_open = (o.detail & wire::kFastOpen) != 0;
  row.started_ns = started_ns;
  if (o.peer && !is_unspec(o)) {
    if (!o.peer->text.empty()) row.peer_address = o.peer->text;
    if (row.family == "ipv4" || row.family == "ipv6") {
      row.peer_port = o.peer->port;
      if (const auto match = names_.find(o.peer->text, o.peer->port, started_ns)) {
        row.resolution_id = match->resolution_id;
        row.peer_name = match->name;
      }
    }
  }
  return std::make_shared<Attempt>(std::move(row), o.payload.endpoint.type);
}

void Tracker::State::start_attempt(Socket& socket, const Observation& o, store::Ns started_ns) {
  socket.attempt = new_attempt(o, started_ns);
  ++socket.attempts;
  forget_logs(socket);
  changed(socket.attempt);
}

void Tracker::State::on_connect(const Observation& o) {
  if (Socket* const socket = sockets_.find(o.fd); socket && socket->attempt) {
    if (!same_socket(*socket->attempt, o)) {
      number_is_new(o.fd);
    } else {
      read_logs(*socket);
    }
  }
  if (o.has(wire::kBegin)) {
    on_connect_begin(o);
  } else {
    on_connect_end(o);
  }
}

void Tracker::State::on_connect_begin(const Observation& o) {
  orphaned_calls_.erase(o.tid);
  Socket* const socket = sockets_.find_or_create(o.fd);
  socket->call = ConnectCall{o.tid, o.t_ns};
  if (is_unspec(o)) return;
  // On a connected socket this may be a question (EISCONN), after a failure read through SO_ERROR
  // the kernel's last word (ECONNABORTED): there the end of the call decides.
  const Attempt* const last = socket->attempt.get();
  const bool fresh = !last || (last->phase() == Attempt::Phase::failed && !last->soft_failed() &&
                               last->failed_by_connect());
  if (fresh) start_attempt(*socket, o, o.t_ns);
}

void Tracker::State::on_connect_end(const Observation& o) {
  if (const auto late = orphaned_calls_.find(o.tid); late != orphaned_calls_.end()) {
    const bool this_call = late->second == o.fd;
    orphaned_calls_.erase(late);
    if (this_call) return;
  }
  Socket* socket = sockets_.find_or_create(o.fd);
  store::Ns began_ns = o.start_ns();
  if (socket->call && socket->call->tid == o.tid) {
    began_ns = socket->call->began_ns;
    socket->call.reset();
  }
  if (is_unspec(o) && o.result == 0) return disconnect(*socket, o);

  Attempt* attempt = socket->attempt.get();
  const bool decided = attempt && !attempt->connecting() && !attempt->soft_failed();
  if (decided && attempt->phase() == Attempt::Phase::connected) {
    if (o.error == EISCONN || o.error == EALREADY) return;
    const bool new_peer = o.result == 0 && !attempt->tcp();
    if (new_peer) {  // a datagram socket turned to somebody else
      end_attempt(*socket, {began_ns, o.tid, std::nullopt});
    } else if (attempt->tcp() && !is_bad_argument(o.error)) {
      number_is_new(o.fd);  // a connected TCP socket says EISCONN, so this is another one
      socket = sockets_.find_or_create(o.fd);
    } else {  // the call failed by itself and changed nothing
      const auto failed = new_attempt(o, began_ns);
      judge(*socket, *failed, o, began_ns);
      return changed(failed);
    }
  } else if (decided) {
    // The second connect after a failure that was read through SO_ERROR only repeats that it
    // failed.
    if (o.error == ECONNABORTED && !attempt->failed_by_connect()) return;
    socket->attempt.reset();
  }
  if (!socket->attempt) start_attempt(*socket, o, began_ns);
  judge(*socket, *socket->attempt, o, began_ns);
  changed(socket->attempt);
}

void Tracker::State::judge(Socket& socket, Attempt& attempt, const Observation& o,
                           store::Ns began_ns) {
  const bool first = attempt.calls++ == 0;
  const bool may_wait = !o.has(wire::kNonBlocking);
  const store::Ns took_ns = o.t_ns - began_ns;
  fill_local(o.local, attempt.row());
  if (o.result == 0 || o.error == EISCONN) {
    if (o.result == 0 && attempt.tcp() && is_promise(o)) return attempt.defer();
    return succeed(socket, attempt, o);
  }
  if (o.error == EINTR) return attempt.interrupted(o.t_ns);
  // Another thread's shutdown broke the call off: giving up, which the close will put a word to.
  if (o.error == ECONNABORTED && attempt.was_shut_down()) return attempt.in_progress();
  if (o.error == EINPROGRESS || o.error == EALREADY) {
    if (attempt.soft_failed()) attempt.resume();
    // A call that may wait says so only after SO_SNDTIMEO; one that came back at once did not wait,
    // whatever was known of its flags.
    if (may_wait && (took_ns >= kAtOnce || socket.options.send_timeout_ns)) {
      const store::Ns limit = socket.options.send_timeout_ns.value_or(took_ns);
      return attempt.send_timeout_expired({began_ns, o.t_ns, limit, "SO_SNDTIMEO", o.op, o.tid},
                                          o.tcp);
    }
    return attempt.in_progress();
  }
  FirstCall call;
  call.waits_for_peer = attempt.tcp() || attempt.row().protocol == "sctp";
  call.non_blocking = !may_wait;
  call.duration_ns = took_ns;
  call.tcp = o.tcp;
  if (o.local && socket.attempts <= 1) call.fresh_local_port = o.local->port;
  Attempt::Failure failure;
  failure.error = {o.error, first && said_at_once(call), may_wait,
                   attempt.row().protocol == "unix"};
  failure.noticed_ns = o.t_ns;
  if (!first) failure.ready_ns = last_ready(socket, o.tid);
  failure.by_connect = first || may_wait;
  failure.call_ns = took_ns;
  attempt.fail(failure, o.tcp, socket.options);
}

void Tracker::State::succeed(Socket& socket, Attempt& attempt, const Observation& o) {
  attempt.succeed(o.t_ns, last_ready(socket, o.tid), o.tcp, socket.options);
  races_.won(attempt.row(), o.tid);
}

// connect to AF_UNSPEC dissolves an association, and resets a TCP connection. Not an attempt.
void Tracker::State::disconnect(Socket& socket, const Observation& o) {
  if (!socket.attempt) return;
  end_attempt(socket, {o.t_ns, o.tid, std::nullopt});
}

void Tracker::State::on_getsockopt(const Observation& o) {
  const auto& option = o.payload.option;
  if (o.result != 0 || option.level != SOL_SOCKET || option.name != SO_ERROR) return;
  Socket* const socket = known(o);
  if (!socket || !socket->attempt) return;
  Attempt& attempt = *socket->attempt;
  fill_local(o.local, attempt.row());
  const int error = static_cast<int>(option.value);
  if (attempt.phase() == Attempt::Phase::connected) {
    attempt.talk().failed(error, attempt.tcp(), o.t_ns, attempt.row());
    attempt.look(o.tcp);
  } else if (attempt.connecting() && error != 0) {
    Attempt::Failure failure;
    failure.error = {error, false, false, attempt.row().protocol == "unix"};
    failure.noticed_ns = o.t_ns;
    failure.ready_ns = last_ready(*socket, o.tid);
    attempt.fail(failure, o.tcp, socket->options);
  } else if (attempt.connecting() || attempt.soft_failed()) {
    // No error is success only where the handshake is seen to be over: the kernel's state, or
    // (no picture) a poll that had said writable.
    const bool established = o.tcp ? o.tcp->state != TCP_SYN_SENT && o.tcp->state != TCP_SYN_RECV &&
                                         o.tcp->state != TCP_CLOSE
                                   : attempt.seen_writable();
    if (!established) return;
    succeed(*socket, attempt, o);
  }
  changed(socket->attempt);
}

void Tracker::State::on_getpeername(const Observation& o) {
  if (o.result != 0) return;
  Socket* const socket = known(o);
  if (!socket || !socket->attempt) return;
  Attempt& attempt = *socket->attempt;
  fill_local(o.local, attempt.row());
  if (attempt.deferred() || !(attempt.connecting() || attempt.soft_failed())) return;
  succeed(*socket, attempt, o);
  changed(socket->attempt);
}

void Tracker::State::on_shutdown(const Observation& o) {
  Socket* const socket = known(o);
  if (!socket || !socket->attempt || o.result != 0) return;
  socket->attempt->shut_down(o.t_ns, o.payload.descriptor.command, o.tcp);
  changed(socket->attempt);
}

void Tracker::State::on_transfer(const Observation& o) {
  if ((o.payload.transfer.message_flags & MSG_ERRQUEUE) != 0) return;  // reports, not data
  Socket* const socket = known(o);
  if (!socket || !socket->attempt) return;
  if (o.result >= 0) {
    transferred(*socket, o);
  } else {
    transfer_failed(*socket, o);
  }
  changed(socket->attempt);
}

void Tracker::State::transferred(Socket& socket, const Observation& o) {
  Attempt& attempt = *socket.attempt;
  const bool end_of_file = (o.detail & wire::kEndOfFile) != 0 && !attempt.datagram();
  // splice moves both ways; only the start of a turn is sure to be a send.
  const bool splice = o.op == wire::Op::splice;
  const bool send = is_send(o.op) || (splice && (o.detail & wire::kTurnStart) != 0);
  if (attempt.connecting() || attempt.soft_failed()) {
    // With Fast Open a send only starts the handshake. A receive of nothing in CLOSE follows a
    // failure somebody else has read.
    const bool proof =
        !(send && attempt.deferred()) && !(end_of_file && o.tcp && o.tcp->state == TCP_CLOSE);
    if (proof) succeed(socket, attempt, o);
  }
  const bool opening = send && attempt.deferred() && attempt.connecting();
  if (attempt.phase() != Attempt::Phase::connected && !opening) return;
  // What connect had promised begins with this send.
  if (opening && !attempt.row().first_send_ns) attempt.row().started_ns = o.start_ns();
  if (send) {
    const bool turn_start = (o.detail & wire::kTurnStart) != 0;
    const bool tls = (o.detail & wire::kTlsRecord) != 0;
    const bool awaits = attempt.talk().sent({o.start_ns(), turn_start, tls, pause_of(o)},
                                            attempt.tcp(), attempt.row());
    if (awaits) forget_logs(socket);
  } else if (end_of_file) {
    attempt.talk().end_of_file();
  } else if (splice && options.all_calls && (o.detail & wire::kFirstByte) == 0) {
    attempt.talk().lose_turn(
        attempt.row());  // every call is told, so this one may have gone either way
  } else if (o.result > 0 || attempt.datagram()) {
    attempt.talk().received(o.t_ns, attempt.row());
  }
  attempt.look(o.tcp);
}

void Tracker::State::transfer_failed(Socket& socket, const Observation& o) {
  Attempt& attempt = *socket.attempt;
  if (o.error == EAGAIN || o.error == EWOULDBLOCK) {
    // Only a call that may wait runs into its limit. The limit was set before our eyes, or the
    // library found the descriptor blocking and took a picture for it.
    const bool send = is_send(o.op);
    const auto& limit = send ? socket.options.send_timeout_ns : socket.options.receive_timeout_ns;
    if (o.has(wire::kNonBlocking) || (o.detail & wire::kDontWait) != 0) return;
    // In the middle of a reply the start is not read, and only a known limit says how long it was.
    const bool timed = o.has(wire::kHasStart);
    if (timed ? o.duration_ns < kAtOnce || !(limit || o.tcp) : !limit || !o.tcp) return;
    const store::Ns limit_ns = limit.value_or(o.duration_ns);
    const store::Ns start_ns = timed ? o.start_ns() : o.t_ns - limit_ns;
    const char* const source = send ? "SO_SNDTIMEO" : "SO_RCVTIMEO";
    const Expiry expiry{start_ns, o.t_ns, limit_ns, source, o.op, o.tid};
    if (attempt.connecting()) {
      attempt.waited(1);
      attempt.expired(expiry);
    } else if (attempt.phase() == Attempt::Phase::connected) {
      const auto what = send ? Conversation::For::room : Conversation::For::named;
      const bool counts = attempt.talk().expired(expiry, what, attempt.row());
      attempt.look(o.tcp);
      if (!counts && !options.all_calls) return;
    }
    return add_wait_row(attempt, expiry, o.result);
  }
  if (attempt.phase() == Attempt::Phase::connected) {
    const Conversation::Pause pause = pause_of(o);
    if (o.error != EINTR && (pause.idle_ns || pause.tcp_state)) {
      attempt.talk().paused(pause, attempt.row());
    }
    attempt.talk().failed(o.error, attempt.tcp(), o.t_ns, attempt.row());
    attempt.look(o.tcp);
  } else if (attempt.connecting() && is_connection_error(o.error)) {
    Attempt::Failure failure;
    failure.error = {o.error, false, false, attempt.row().protocol == "unix"};
    failure.noticed_ns = o.t_ns;
    failure.ready_ns = last_ready(socket, o.tid);
    attempt.fail(failure, o.tcp, socket.options);
  }
}

}  // namespace sockwatch::connect
