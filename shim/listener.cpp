#include "shim/listener.h"

#include <netinet/in.h>

#include <algorithm>
#include <atomic>
#include <limits>

#include "shim/clock.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"
#include "shim/tcp_picture.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

namespace sockwatch::shim::listener {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
// Both a pause between two looks and what counts as a time without an accept.
constexpr std::uint64_t kPauseNs = 10 * kMs;
constexpr std::uint16_t kMost = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint8_t kSynReceived = 3;  // TCP_SYN_RECV: accepted before the handshake was over

// Several threads accept on one listener.
template <class T>
std::atomic_ref<T> shared(T& value) {
  return std::atomic_ref<T>(value);
}
constexpr auto kRelaxed = std::memory_order_relaxed;

bool ask(int fd, int name, void* value, std::uint32_t length) {
  return !raw::failed(raw::call(SYS_getsockopt, fd, SOL_SOCKET, name, value, &length));
}

bool of_network(int family) { return family == AF_INET || family == AF_INET6 || family == AF_UNIX; }

// Makes the number known as a listener. nullptr: not ours to record.
Detail* adopt(int fd) {
  if (!state::recording()) {
    return nullptr;
  }
  const Questions questions;
  if (!questions) {
    return nullptr;
  }
  int family = 0;
  int type = 0;
  int protocol = 0;
  if (!ask(fd, SO_DOMAIN, &family, sizeof(family)) || !of_network(family) ||
      !ask(fd, SO_TYPE, &type, sizeof(type)) ||
      !ask(fd, SO_PROTOCOL, &protocol, sizeof(protocol))) {
    return nullptr;
  }
  Process* process = process::ensure();
  if (process == nullptr || process::is_borrowed(*process)) {
    return nullptr;
  }
  Detail* detail = fd_table::detail(fd);
  if (detail == nullptr) {
    return nullptr;
  }
  *detail = Detail{};
  detail->family = static_cast<std::uint16_t>(family);
  detail->type = static_cast<std::uint16_t>(type);
  detail->protocol = static_cast<std::uint16_t>(protocol);
  fd_table::change(fd, 0xff, kListening);
  return detail;
}

Detail* known(int fd) {
  if (thread::is_foreign(process::current())) {
    return nullptr;
  }
  return fd_table::listening(fd) ? fd_table::detail_if_mapped(fd) : adopt(fd);
}

// Whether it is this call's turn to look; of threads at the same moment one is.
bool may_look(Detail& detail, std::uint64_t now_ns) {
  auto looked = shared(detail.looked_ns);
  std::int64_t before = looked.load(kRelaxed);
  return (before == 0 || now_ns - static_cast<std::uint64_t>(before) >= kPauseNs) &&
         looked.compare_exchange_strong(before, static_cast<std::int64_t>(now_ns), kRelaxed);
}

// `since_ns`: when accept last gave a connection, or listen was called.
void look(Record& record, int fd, Detail& detail, std::uint64_t since_ns) {
  // Asked again each time: the number may have become another listener past our eyes.
  const Questions questions;
  std::uint64_t cookie = 0;
  if (questions && ask(fd, SO_COOKIE, &cookie, sizeof(cookie))) {
    shared(detail.cookie).store(cookie, kRelaxed);
  }
  wire::TcpPicture picture;
  if (detail.family != AF_UNIX && take_tcp_picture(fd, &picture) == 0) {
    record.part(wire::Part::tcp, &picture, sizeof(picture));
  }
  record.local_address(fd);
  if (shared(detail.listen_untold).exchange(0, std::memory_order_acquire) != 0) {
    const wire::Listening listening{since_ns, detail.backlog, 0};
    record.part(wire::Part::listening, &listening, sizeof(listening));
  }
}

void fill(Record& record, Detail& detail) {
  auto& accept = record.event().payload.accept;
  accept.cookie = shared(detail.cookie).load(kRelaxed);
  accept.family = detail.family;
  accept.protocol = detail.protocol;
}

// How long the connection accepted just now had waited, as far as that is certain: since its client
// was last heard of, and not longer than nobody accepted.
std::uint16_t waited_ms(int accepted, std::uint64_t gap_ns) {
  wire::TcpPicture picture;
  if (take_tcp_picture(accepted, &picture) != 0 || picture.state == kSynReceived) {
    return 0;
  }
  const std::uint64_t waited = std::min<std::uint64_t>(picture.last_ack_recv_ms, gap_ns / kMs);
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(waited, kMost));
}

// Failures that were counted and not told yet.
void tell_rest(wire::Op op, int fd, Detail& detail) {
  const std::uint32_t count = shared(detail.untold_failures).exchange(0, kRelaxed);
  if (count == 0) {
    return;
  }
  Record record(op, fd);
  if (!record) {
    return;
  }
  record.outcome({-1, shared(detail.failed_error).load(kRelaxed)});
  shared(detail.looked_ns).store(static_cast<std::int64_t>(record.event().t_ns), kRelaxed);
  look(record, fd, detail, static_cast<std::uint64_t>(shared(detail.accepted_ns).load(kRelaxed)));
  fill(record, detail);
  record.event().payload.accept.failures =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(count, kMost));
  record.publish();
}

void succeeded(wire::Op op, int fd, Detail& detail, int accepted) {
  if (shared(detail.untold_failures).load(kRelaxed) != 0) {
    tell_rest(op, fd, detail);
  }
  Record record(op, fd);
  if (!record) {
    return;
  }
  record.outcome({accepted, 0});
  const std::uint64_t now_ns = record.event().t_ns;
  const auto last_ns = static_cast<std::uint64_t>(
      shared(detail.accepted_ns).exchange(static_cast<std::int64_t>(now_ns), kRelaxed));
  const bool was_idle = last_ns != 0 && last_ns < now_ns && now_ns - last_ns >= kPauseNs;
  if (may_look(detail, now_ns)) {
    look(record, fd, detail, last_ns);
  }
  fill(record, detail);
  if (was_idle && detail.family != AF_UNIX) {
    record.event().payload.accept.waited_ms = waited_ms(accepted, now_ns - last_ns);
  }
  record.publish();
}

void failed(wire::Op op, int fd, Detail& detail, int error) {
  auto untold = shared(detail.untold_failures);
  bool now = false;
  if (shared(detail.failed_error).load(kRelaxed) != error) {
    tell_rest(op, fd, detail);
    shared(detail.failed_error).store(error, kRelaxed);
    now = true;
  }
  const std::uint32_t count = untold.fetch_add(1, kRelaxed) + 1;
  if (now || count >= kMost || may_look(detail, clock::now_ns())) {
    tell_rest(op, fd, detail);
  }
}

}  // namespace

void started(int fd, int backlog) {
  const int error = errno;
  if (Detail* detail = adopt(fd)) {
    detail->accepted_ns = static_cast<std::int64_t>(clock::now_ns());
    detail->backlog = backlog;
    shared(detail->listen_untold).store(1, std::memory_order_release);
  }
  errno = error;
}

void accepted(wire::Op op, int fd, Outcome outcome) {
  const int error = errno;
  if (Detail* detail = known(fd)) {
    if (outcome.result < 0) {
      failed(op, fd, *detail, outcome.error);
    } else {
      succeeded(op, fd, *detail, static_cast<int>(outcome.result));
    }
  }
  errno = error;
}

bool is_told(int fd) {
  Detail* detail = fd_table::listening(fd) ? fd_table::detail_if_mapped(fd) : nullptr;
  return detail != nullptr && shared(detail->looked_ns).load(kRelaxed) != 0;
}

bool ending(int fd) {
  if (!is_told(fd)) {
    return false;  // nobody ever accepted
  }
  tell_rest(wire::Op::accept, fd, *fd_table::detail_if_mapped(fd));
  return true;
}

}  // namespace sockwatch::shim::listener
