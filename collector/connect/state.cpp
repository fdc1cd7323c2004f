#include "collector/connect/state.h"

#include <fcntl.h>
#include <netdb.h>

#include <algorithm>
#include <utility>

#include "collector/connect/ops.h"

namespace sockwatch::connect {

using wire::Op;

namespace {

// A thread looks up one name at a time, but for those it has libc look up meanwhile.
std::uint64_t lookup_key(const Observation& lookup) {
  const std::uint64_t request =
      lookup.op == wire::Op::getaddrinfo_a ? lookup.payload.resolve.request : 0;
  return request != 0 ? request << 1 | 1 : std::uint64_t{lookup.tid} << 1;
}

}  // namespace

void Tracker::State::apply(const Observation& o) {
  const bool before_call = o.has(wire::kBegin);
  if (options.all_calls && before_call) record_call(o);
  switch (o.op) {
    case Op::connect:
      on_connect(o);
      break;
    case Op::socket:
      on_socket(o);
      break;
    case Op::bind:
      if (o.result < 0) failed_calls_.add_bind(o);
      break;
    case Op::listen:
      if (o.result < 0) failed_calls_.add(o);
      break;
    case Op::accept:
    case Op::accept4:
      on_accept(o);
      break;
    case Op::epoll_create:
    case Op::epoll_create1:
      if (o.result < 0) break;
      set_gone(static_cast<int>(o.result));  // also one that was closed unseen and never waited on
      number_is_new(static_cast<int>(o.result));
      break;
    case Op::getsockopt:
      on_getsockopt(o);
      break;
    case Op::setsockopt:
      on_setsockopt(o);
      break;
    case Op::getpeername:
      on_getpeername(o);
      break;
    case Op::shutdown:
      on_shutdown(o);
      break;
    case Op::dup:
      on_duplicate(o, static_cast<int>(o.result));
      break;
    case Op::fcntl:
      if (o.payload.descriptor.command == F_DUPFD ||
          o.payload.descriptor.command == F_DUPFD_CLOEXEC) {
        on_duplicate(o, static_cast<int>(o.result));
      }
      break;
    case Op::dup2:
    case Op::dup3:
      on_overwrite(o);
      break;
    case Op::epoll_ctl:
      on_epoll_ctl(o);
      break;
    case Op::splice:
      on_transfer(o);
      break;
    case Op::lost:
      missed(o.t_ns);
      break;
    default:
      if (is_send(o.op) || is_receive(o.op)) {
        on_transfer(o);
      } else if (is_poll_family(o.op)) {
        on_wait(o);
      } else if (is_epoll_wait(o.op)) {
        on_epoll_wait(o);
      } else if (is_close_family(o.op)) {
        on_close(o);
      } else if (is_lookup(o.op)) {
        on_lookup(o);
      }
      break;
  }
  if (options.all_calls && !before_call) record_call(o);
}

Socket* Tracker::State::known(const Observation& o) {
  Socket* const socket = sockets_.find(o.fd);
  if (!socket) {
    ++orphans;
    return nullptr;
  }
  if (!socket->attempt) return socket;
  read_logs(*socket);
  // The thread does something else with the socket, so it is no longer inside connect: a signal
  // handler jumped out, or runs on top of it (then the call's end sets this right).
  if (socket->call && socket->call->tid == o.tid) {
    socket->attempt->left_call(socket->call->began_ns);
    socket->call.reset();
  }
  return socket;
}

void Tracker::State::changed(const std::shared_ptr<Attempt>& attempt) {
  if (attempt->dirty) return;
  attempt->dirty = true;
  dirty_.push_back(attempt);
}

// One row a call: the event after it, or for a close, which has none, the one before it.
void Tracker::State::record_call(const Observation& o) {
  const bool close = is_close_family(o.op);
  if (o.has(wire::kBegin) != close || o.op >= Op::continuation || o.has(wire::kMoreEntries)) return;
  if (o.op == Op::connect && (o.detail & wire::kFastOpen) != 0) return;  // the send is the call
  store::CallRow row;
  row.process_id = process_id;
  row.tid = o.tid;
  if (const Socket* const socket = sockets_.find(o.fd); socket && socket->attempt) {
    row.connection_id = socket->attempt->row().id;
  }
  row.fd = o.fd;
  if (is_poll_family(o.op)) {  // more than one descriptor: the rows of `wait` name them
    const int only = o.entries.size() == 1 ? o.entries.front().fd : -1;
    row.fd = only;
    const Socket* const socket = sockets_.find(only);
    if (socket && socket->attempt) row.connection_id = socket->attempt->row().id;
  } else if (is_epoll_wait(o.op)) {
    row.connection_id = only_member(o.fd);
  }
  row.call = name(o.op);
  row.started_ns = o.start_ns();
  if (o.has(wire::kHasStart)) row.duration_ns = o.duration_ns;
  row.result = o.result;
  if (o.error != 0) row.error = o.error;
  changes_.calls.push_back(std::move(row));
}

// A lookup that is begun and not ended when its thread begins the next, or the process ends, was
// left by a signal handler, or the program did not wait for it.
void Tracker::State::on_lookup(const Observation& o) {
  if (o.has(wire::kBegin)) {
    // The same name again: the caller's buffer was too small for the answer (gethostbyname_r).
    const auto before = running_lookups_.find(lookup_key(o));
    if (before != running_lookups_.end() && before->second.name != o.name) {
      leave_lookup(lookup_key(o), o.t_ns);
    }
    running_lookups_[lookup_key(o)] = o;
    return;
  }
  running_lookups_.erase(lookup_key(o));
  changes_.resolutions.push_back(names_.add(o, ids.next_resolution++, process_id));
}

void Tracker::State::leave_lookup(std::uint64_t key, std::int64_t t_ns) {
  const auto found = running_lookups_.find(key);
  if (found == running_lookups_.end()) return;
  Observation lookup = std::move(found->second);
  running_lookups_.erase(found);
  lookup.flags = wire::kHasStart;
  lookup.duration_ns = std::max<std::int64_t>(0, t_ns - lookup.start_ns());
  lookup.t_ns = t_ns;
  lookup.result = EAI_INPROGRESS;
  changes_.resolutions.push_back(names_.add(lookup, ids.next_resolution++, process_id));
}

void Tracker::State::missed(std::int64_t until_ns) {
  missing_until_ns_ = std::max(missing_until_ns_, until_ns);
}

void Tracker::State::process_ended(std::int64_t t_ns, End how) {
  while (!running_lookups_.empty()) leave_lookup(running_lookups_.begin()->first, t_ns);
  for (const int fd : sockets_.in_range(0, ~0U)) {
    Socket* const socket = sockets_.find(fd);
    if (socket->attempt) {
      Attempt& attempt = *socket->attempt;
      read_logs(*socket);
      if (attempt.row().started_ns <= missing_until_ns_) {
        attempt.lose_end();
        changed(socket->attempt);
      } else if (how == End::exited || attempt.connecting()) {
        attempt.process_ended(t_ns, socket->options);
        changed(socket->attempt);
      }
      socket->attempt.reset();
    }
    sockets_.drop(fd);
  }
  if (how == End::exited) listeners_.process_ended(t_ns);
}

void Tracker::State::touch_all() {
  sockets_.for_each([this](int, const Socket& socket) {
    if (socket.attempt) changed(socket.attempt);
  });
  listeners_.touch_all();
  failed_calls_.touch_all();
}

Changes Tracker::State::take() {
  Changes taken = std::exchange(changes_, {});
  taken.failed_calls = failed_calls_.take();
  taken.listeners = listeners_.take();
  taken.connections.reserve(dirty_.size());
  for (const auto& attempt : dirty_) {
    attempt->dirty = false;
    const bool over = attempt.use_count() == 1;
    taken.connections.push_back(over ? std::move(attempt->row()) : attempt->row());
  }
  dirty_.clear();
  return taken;
}

}  // namespace sockwatch::connect
