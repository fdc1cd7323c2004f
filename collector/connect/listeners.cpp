#include "collector/connect/listeners.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace sockwatch::connect {
namespace {

const char* family_of(int family) {
  switch (family) {
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

const char* protocol_of(int family, int protocol) {
  if (family == AF_UNIX) return "unix";
  return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP ? "tcp" : "other";
}

}  // namespace

void Listeners::accepted(const Observation& o) {
  const auto& accept = o.payload.accept;
  Listener& listener = find_or_create(o);
  if (o.result < 0) {
    listener.row.failures += std::max<std::int64_t>(1, accept.failures);
  } else {
    ++listener.row.accepts;
    if (accept.waited_ms != 0) {
      listener.row.accept_gap_max_ns =
          std::max<store::OptInt>(listener.row.accept_gap_max_ns, accept.waited_ms * kNsPerMs);
    }
  }
  look(listener, o);
}

Listeners::Listener& Listeners::find_or_create(const Observation& o) {
  const auto& accept = o.payload.accept;
  const auto known = numbers_.find(o.fd);
  if (known != numbers_.end()) {
    // Without SO_COOKIE a number is all there is to go by.
    if (accept.cookie == 0 || known->second->cookie == accept.cookie) {
      changed(known->second);
      return *known->second;
    }
    number_gone(o.fd, {});
  }
  const auto made = std::make_shared<Listener>();
  made->cookie = accept.cookie;
  made->row.id = ids_.next_listener++;
  made->row.process_id = process_id_;
  made->row.fd = o.fd;
  made->row.family = family_of(accept.family);
  made->row.protocol = protocol_of(accept.family, accept.protocol);
  made->row.started_ns = o.t_ns;
  numbers_[o.fd] = made;
  changed(made);
  return *made;
}

void Listeners::look(Listener& listener, const Observation& o) {
  store::ListenerRow& row = listener.row;
  if (o.local) {
    if (!o.local->text.empty()) row.local_address = o.local->text;
    if (row.family == "ipv4" || row.family == "ipv6") row.local_port = o.local->port;
  }
  if (o.listening) {
    row.backlog = o.listening->backlog;
    if (o.listening->since_ns < static_cast<std::uint64_t>(row.started_ns)) {
      row.started_ns = static_cast<store::Ns>(o.listening->since_ns);
    }
  }
  if (o.tcp) count_picture(row, *o.tcp, o.t_ns, o.result >= 0);
}

// `taken`: a connection was taken out just before.
void Listeners::count_picture(store::ListenerRow& row, const wire::TcpPicture& tcp, store::Ns t_ns,
                              bool taken) {
  if (tcp.state != TCP_LISTEN) return;  // shut down meanwhile: the numbers mean something else
  ++row.pictures;
  row.queue_max = std::max<store::OptInt>(row.queue_max, tcp.unacked);
  row.queue_limit = tcp.sacked;
  // The kernel lets one more in than its limit says, and drops from then on.
  const bool full = tcp.unacked > tcp.sacked || (taken && tcp.unacked == tcp.sacked);
  if (tcp.unacked == 0 || !full) return;
  ++row.full;
  if (!row.first_full_ns) row.first_full_ns = t_ns;
  row.last_full_ns = t_ns;
}

void Listeners::duplicated(int from, int to) {
  number_gone(to, {});
  const auto known = numbers_.find(from);
  if (known == numbers_.end()) return;
  ++known->second->numbers;
  numbers_[to] = known->second;
}

void Listeners::number_gone(int fd, store::OptInt t_ns,
                            const std::optional<wire::TcpPicture>& tcp) {
  const auto known = numbers_.find(fd);
  if (known == numbers_.end()) return;
  const std::shared_ptr<Listener> listener = known->second;
  numbers_.erase(known);
  if (tcp && t_ns) count_picture(listener->row, *tcp, *t_ns, false);
  if (--listener->numbers == 0) listener->row.closed_ns = t_ns;
  changed(listener);
}

void Listeners::range_gone(std::uint32_t first, std::uint32_t last, store::Ns t_ns) {
  std::vector<int> gone;
  for (const auto& [fd, listener] : numbers_) {
    const auto number = static_cast<std::uint32_t>(fd);
    if (number >= first && number <= last) gone.push_back(fd);
  }
  for (const int fd : gone) number_gone(fd, t_ns);
}

void Listeners::process_ended(store::Ns t_ns) {
  while (!numbers_.empty()) number_gone(numbers_.begin()->first, t_ns);
}

void Listeners::changed(const std::shared_ptr<Listener>& listener) {
  if (listener->changed) return;
  listener->changed = true;
  changed_.push_back(listener);
}

std::vector<store::ListenerRow> Listeners::take() {
  std::vector<store::ListenerRow> rows;
  rows.reserve(changed_.size());
  for (const auto& listener : changed_) {
    listener->changed = false;
    rows.push_back(listener->row);
  }
  changed_.clear();
  return rows;
}

void Listeners::touch_all() {
  for (const auto& [fd, listener] : numbers_) changed(listener);
}

}  // namespace sockwatch::connect
