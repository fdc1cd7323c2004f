#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>

#include "collector/connect/ops.h"
#include "collector/connect/state.h"

namespace sockwatch::connect {

namespace {

// An expired wait lasted its timeout even where nobody read the clock before it.
store::Ns wait_start(const Observation& o) {
  if (o.has(wire::kHasStart)) return o.start_ns();
  const std::int64_t timeout = o.payload.wait.timeout_ns;
  return o.result == 0 && timeout > 0 ? o.t_ns - timeout : o.t_ns;
}

using For = Conversation::For;

For purpose(const Observation& o, const wire::WaitEntry& entry) {
  constexpr unsigned kBytes = POLLIN | POLLRDNORM | POLLRDBAND | POLLPRI;
  if ((entry.events & (kBytes | POLLRDHUP)) == 0) return For::room;
  // curl watches a descriptor of its own besides. Of a select only its clients are told.
  const bool select = o.op == wire::Op::select || o.op == wire::Op::pselect;
  const bool alone = o.entries.size() == 1 && (select || o.payload.wait.watched <= 2);
  return alone && (entry.events & kBytes) != 0 ? For::named : For::shared;
}

// More would not tell more, and a loop that polls every millisecond would fill the trace.
constexpr std::int64_t kWaitRows = 32;

}  // namespace

// poll and select: the list of descriptors may come in several events, each with the whole verdict.
void Tracker::State::on_wait(const Observation& o) {
  if ((o.op == wire::Op::select || o.op == wire::Op::pselect) &&
      (o.detail & wire::kBeyondSet) != 0) {
    return failed_calls_.add(o, o.payload.wait.watched, true);
  }
  for (const wire::WaitEntry& entry : o.entries) {
    Socket* const socket = sockets_.find(entry.fd);
    if (!socket || !socket->attempt) continue;
    if (socket->attempt->phase() == Attempt::Phase::failed) continue;
    if (socket->call && socket->call->tid == o.tid) {
      socket->attempt->left_call(socket->call->began_ns);
      socket->call.reset();
    }
    count_wait(*socket->attempt, o, entry);
    changed(socket->attempt);
  }
}

void Tracker::State::count_wait(Attempt& attempt, const Observation& o,
                                const wire::WaitEntry& entry) {
  const store::Ns timeout_ns = o.payload.wait.timeout_ns;
  const store::Ns start_ns = wait_start(o);
  const char* const source = budget_source(o.op);
  const bool expired = o.result == 0 && timeout_ns > 0 && start_ns >= attempt.row().started_ns;
  const Expiry expiry{start_ns, o.t_ns, timeout_ns, source, o.op, o.tid};
  const bool again = attempt.last_wait_ns == o.t_ns;  // a descriptor listed twice
  attempt.last_wait_ns = o.t_ns;
  if (attempt.connecting()) {
    if (!again) attempt.waited_with(timeout_ns, source);
    if (expired && !again) attempt.expired(expiry);
    if (expired && (entry.events & POLLOUT) != 0) attempt.had_no_room(o.t_ns);
    if (o.result > 0 && entry.revents != 0 && (entry.revents & POLLNVAL) == 0) {
      // select does not tell an error from writable: both bits for both.
      const bool tells = o.op == wire::Op::poll || o.op == wire::Op::ppoll;
      const bool error = (entry.revents & (POLLERR | POLLHUP)) != 0;
      attempt.ready(o.t_ns, tells && !error && (entry.revents & POLLOUT) != 0, tells && error);
    }
  }
  bool counts = expired;
  if (!attempt.connecting() && expired && !again) {
    counts = attempt.talk().expired(expiry, purpose(o, entry), attempt.row());
  }
  if ((counts || options.all_calls) && !again) add_wait_row(attempt, expiry, o.result);
}

void Tracker::State::add_wait_row(Attempt& attempt, const Expiry& expiry, std::int64_t result) {
  if (!options.all_calls && attempt.wait_rows >= kWaitRows) return;
  ++attempt.wait_rows;
  store::WaitRow row;
  row.id = ids.next_wait++;
  row.process_id = process_id;
  row.tid = expiry.tid;
  row.connection_id = attempt.row().id;
  row.call = name(expiry.op);
  row.started_ns = expiry.start_ns;
  if (expiry.timeout_ns >= 0) row.timeout_ns = expiry.timeout_ns;
  row.result = result;
  changes_.waits.push_back(std::move(row));
}

void Tracker::State::on_epoll_wait(const Observation& o) {
  const EpollWait wait{o.op, o.tid, wait_start(o), o.t_ns, o.payload.wait.timeout_ns, o.result};
  logs_.add(o.fd, wait);
  // Expired waits are written with the connections they belong to, once that is known; with all
  // calls in detail every wait at once, with the connection where the set has only one.
  if (!options.all_calls) return;
  store::WaitRow row;
  row.connection_id = only_member(o.fd);
  row.id = ids.next_wait++;
  row.process_id = process_id;
  row.tid = o.tid;
  row.call = name(o.op);
  row.started_ns = wait.start_ns;
  if (wait.timeout_ns >= 0) row.timeout_ns = wait.timeout_ns;
  row.result = o.result;
  changes_.waits.push_back(std::move(row));
}

store::OptInt Tracker::State::only_member(int epoll_fd) const {
  store::OptInt only;
  int members = 0;
  sockets_.for_each([&](int, const Socket& socket) {
    if (!socket.attempt ||
        std::ranges::find(socket.sets, epoll_fd, &EpollMembership::epoll_fd) == socket.sets.end()) {
      return;
    }
    ++members;
    only = socket.attempt->row().id;
  });
  return members == 1 ? only : std::nullopt;
}

void Tracker::State::on_epoll_ctl(const Observation& o) {
  const int epoll_fd = o.payload.epoll.epoll_fd;
  const bool add = o.detail == EPOLL_CTL_ADD || o.detail == EPOLL_CTL_MOD;
  logs_.member_seen(epoll_fd);
  Socket* const socket = add ? sockets_.find_or_create(o.fd) : sockets_.find(o.fd);
  if (!socket) return;
  read_logs(*socket);
  const auto member = std::ranges::find(socket->sets, epoll_fd, &EpollMembership::epoll_fd);
  if (add) {
    const bool is_in = o.result == 0 || o.error == EEXIST;
    if (!is_in || member != socket->sets.end()) return;
    socket->sets.push_back({epoll_fd, logs_.mark({false, epoll_fd})});
    socket->in_epoll = true;
  } else if (member != socket->sets.end()) {
    socket->sets.erase(member);
  }
}

void Tracker::State::read_log(Attempt& attempt, WaitLogs::Key key, WaitLog::Mark& mark) {
  const WaitLog* const log = logs_.find(key);
  if (!log) return;
  if (attempt.connecting()) {
    const auto unread = log->since(mark, attempt.row().started_ns, [&](const Expiry& expiry) {
      attempt.expired(expiry);
      if (!options.all_calls) add_wait_row(attempt, expiry);
    });
    attempt.waited(unread.waits);
    attempt.expired_forgotten(unread.expired_forgotten);
  } else if (attempt.phase() == Attempt::Phase::connected && attempt.talk().awaiting()) {
    const auto unread =
        log->since(mark, attempt.talk().awaiting_since(), [&](const Expiry& expiry) {
          attempt.talk().expired(expiry, For::one_of_many, attempt.row());
          if (!options.all_calls) add_wait_row(attempt, expiry);
        });
    attempt.talk().expired_forgotten(unread.expired_forgotten, attempt.row());
  }
  mark = log->mark();
}

void Tracker::State::read_logs(Socket& socket) {
  if (!socket.attempt) return;
  Attempt& attempt = *socket.attempt;
  if (!attempt.connecting() && !attempt.talk().awaiting()) return;
  if (socket.in_epoll) {
    for (EpollMembership& member : socket.sets) {
      read_log(attempt, {false, member.epoll_fd}, member.mark);
    }
    return;
  }
  // Once connected, a blocking socket is read, not watched: the waits of its thread are for others.
  const bool is_read =
      attempt.phase() == Attempt::Phase::connected && attempt.row().blocking == true;
  if (!attempt.polled() && !is_read) {
    read_log(attempt, {true, attempt.row().tid}, attempt.thread_mark);
  }
}

void Tracker::State::forget_logs(Socket& socket) {
  for (EpollMembership& member : socket.sets) member.mark = logs_.mark({false, member.epoll_fd});
  if (!socket.attempt) return;
  socket.attempt->thread_mark = logs_.mark({true, socket.attempt->row().tid});
}

std::optional<store::Ns> Tracker::State::last_ready(const Socket& socket, std::uint32_t tid) const {
  if (!socket.attempt || socket.attempt->calls == 0) return std::nullopt;
  std::optional<store::Ns> last;
  const auto look = [&](WaitLogs::Key key) {
    const WaitLog* const log = logs_.find(key);
    const auto ready = log ? log->last_ready(tid) : std::nullopt;
    if (ready && *ready >= socket.attempt->row().started_ns && (!last || *ready > *last)) {
      last = ready;
    }
  };
  for (const EpollMembership& member : socket.sets) look({false, member.epoll_fd});
  if (!socket.in_epoll && !socket.attempt->polled()) look({true, tid});
  return last;
}

}  // namespace sockwatch::connect
