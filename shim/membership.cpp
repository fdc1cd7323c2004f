#include "shim/membership.h"

#include <cerrno>

#include "shim/express.h"
#include "shim/fd_table.h"
#include "shim/state.h"

namespace sockwatch::shim::membership {
namespace {

// An event of its own, small enough for any stack: others are put together while it is told.
void tell(int fd, int command, int epoll, const Detail& detail) {
  Process* process = process::ensure();
  if (process == nullptr || !state::recording() || thread::is_foreign(*process)) {
    return;
  }
  membership::tell();
  wire::Event event{};
  const auto frame = reinterpret_cast<std::uintptr_t>(&event);
  std::uint64_t t_ns = 0;
  Thread* thread = thread::begin(*process, frame, t_ns);
  if (thread == nullptr) {
    return;
  }
  event.op = wire::Op::epoll_ctl;
  event.fd = fd;
  event.tid = thread->tid;
  event.t_ns = t_ns;
  event.detail = static_cast<std::uint8_t>(command);
  event.payload.epoll.epoll_fd = epoll;
  if (command != EPOLL_CTL_DEL) {
    event.payload.epoll.data = detail.epoll_data;
    event.payload.epoll.events = detail.epoll_events;
  }
  thread::publish(*process, *thread, frame, &event, 1);
  thread::end(*process, *thread, frame);
}

// Whether this thread may keep to itself that a connection has left its set. Not while it connects:
// then every wait is told, by other threads too.
bool may_keep(std::uint8_t bits) {
  return (bits & (kTracked | kConnecting)) == kTracked && !state::settings.every_call &&
         thread::is_ready(process::current(), thread::mine);
}

void left(int epoll, int fd, std::uint8_t bits, Detail& detail) {
  const bool was_in = (fd_table::change(fd, kInEpoll, 0) & kInEpoll) != 0;
  if (!was_in || detail.epoll_fd != epoll || !may_keep(bits)) {
    tell(fd, EPOLL_CTL_DEL, epoll, detail);
    return;
  }
  membership::tell();
  detail.options |= kLeftUntold;
  thread::mine.left = fd + 1;
}

}  // namespace

void changed(int epoll, int command, int fd, const epoll_event* event) {
  const std::uint8_t bits = fd_table::bits(fd);
  if ((bits & (kBorn | kTracked)) == 0 || thread::is_foreign(process::current())) {
    return;
  }
  Detail* detail = fd_table::detail_if_mapped(fd);
  if (detail == nullptr) {
    return;
  }
  const int error = errno;
  const bool tracked = (bits & kTracked) != 0;
  if (command == EPOLL_CTL_DEL) {
    if (tracked) {
      left(epoll, fd, bits, *detail);
    } else {
      fd_table::change(fd, kInEpoll, 0);
    }
    errno = error;
    return;
  }
  const bool away = (detail->options & kLeftUntold) != 0;
  const bool back =
      away && detail->epoll_fd == epoll && thread::mine.left == fd + 1 && may_keep(bits);
  if (away) {
    detail->options &= static_cast<std::uint16_t>(~kLeftUntold);
    if (tracked && !back && detail->epoll_fd != epoll) {
      tell(fd, EPOLL_CTL_DEL, detail->epoll_fd, *detail);
    }
  }
  if (back) {
    thread::mine.left = 0;
  }
  detail->epoll_fd = epoll;
  detail->epoll_data = event->data.u64;
  detail->epoll_events = event->events;
  fd_table::change(fd, 0, kInEpoll);
  // Changing what it is watched for is worth telling while a connect runs.
  const bool news = command != EPOLL_CTL_MOD || (bits & kConnecting) != 0;
  if (tracked && !back && (news || state::settings.every_call)) {
    tell(fd, command, epoll, *detail);
  }
  errno = error;
}

void tell_left() {
  Thread& thread = thread::mine;
  const int fd = thread.left - 1;
  thread.left = 0;
  if (!thread::is_ready(process::current(), thread)) {
    return;  // the child of a fork: nobody kept anything from it
  }
  Detail* detail = fd_table::detail_if_mapped(fd);
  if (detail == nullptr || (detail->options & kLeftUntold) == 0) {
    return;  // another thread has put it back, or the number is another socket's by now
  }
  detail->options &= static_cast<std::uint16_t>(~kLeftUntold);
  if ((fd_table::bits(fd) & (kTracked | kInEpoll)) == kTracked) {
    tell(fd, EPOLL_CTL_DEL, detail->epoll_fd, *detail);
  }
}

}  // namespace sockwatch::shim::membership
