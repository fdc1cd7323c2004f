#include "shim/failures.h"

#include <fcntl.h>
#include <sys/select.h>

#include <cerrno>
#include <cstring>

#include "shim/caller_memory.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/record.h"
#include "shim/state.h"

namespace sockwatch::shim::failures {
namespace {

constexpr int kBitsOfByte = 8;

bool of_network(int domain) { return domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX; }

// Of other families only what any socket would have met.
bool exhausted(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// Recording, and not in a child of vfork.
bool may_record() { return state::recording() && !process::is_borrowed(process::current()); }

template <class Fill>
void tell(wire::Op op, int fd, Fill fill) {
  const int error = errno;
  if (may_record()) {
    Record record(op, fd);
    if (record) {
      record.outcome({-1, error});
      fill(record);
      record.publish();
    }
  }
  errno = error;
}

}  // namespace

void socket_failed(int domain, int type, int protocol) {
  if (of_network(domain) || exhausted(errno)) {
    tell(wire::Op::socket, -1, [=](Record& record) {
      record.event().payload.socket = {domain, type, protocol};
    });
  }
}

void bind_failed(int fd, const sockaddr* address, socklen_t length) {
  sockaddr_storage wanted{};
  const socklen_t known = length < sizeof(wanted) ? length : sizeof(wanted);
  if (known < sizeof(sa_family_t) || !readable(address, known)) {
    return;  // the program's own mistake
  }
  std::memcpy(&wanted, address, known);
  if (of_network(wanted.ss_family)) {
    tell(wire::Op::bind, fd, [&](Record& record) {
      record.event().payload.endpoint.family = wanted.ss_family;
      record.part(wire::Part::local_address, &wanted, known);
    });
  }
}

void listen_failed(int fd) {
  tell(wire::Op::listen, fd, [](Record&) {});
}

void beyond_set(wire::Op op, int count) {
  const Questions questions;
  if (!questions || !may_record()) {
    return;
  }
  // Some hand over their largest number + 1, others (Perl) whole bytes of the set; who passes the
  // limit of descriptors waits on no such one.
  int highest = count - 1;
  while (raw::failed(raw::call(SYS_fcntl, highest, F_GETFD))) {
    if (--highest < FD_SETSIZE || highest < count - kBitsOfByte) {
      return;
    }
  }
  count = highest + 1;
  const int error = errno;
  Process* process = process::ensure();
  if (process != nullptr) {
    const auto wanted = static_cast<std::uint32_t>(count);
    std::uint32_t largest = process->largest_set.load(std::memory_order_relaxed);
    while (largest < wanted && !process->largest_set.compare_exchange_weak(
                                   largest, wanted, std::memory_order_relaxed)) {
    }
    if (largest < wanted) {
      Record record(op, -1);
      if (record) {
        record.event().detail = wire::kBeyondSet;
        record.event().payload.wait.watched = wanted;
        record.publish();
      }
    }
  }
  errno = error;
}

}  // namespace sockwatch::shim::failures
