#include "shim/closing.h"

#include <fcntl.h>

#include <cerrno>

#include "shim/client.h"
#include "shim/listener.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/record.h"
#include "shim/state.h"

namespace sockwatch::shim::closing {
namespace {

// Publishes the event for one tracked descriptor; what the payload is depends on the call.
template <class Fill>
void publish(wire::Op op, int event_fd, int closed, Fill fill) {
  const Detail* detail = fd_table::detail_if_mapped(closed);
  if (detail == nullptr) {
    return;
  }
  Record record(op, event_fd);
  if (!record) {
    return;
  }
  record.event().flags = wire::kBegin | wire::kNotReturned;
  fill(record, *detail);
  if (client::add_picture(record, closed, *detail)) {
    record.publish();
  } else {
    record.abandon();
  }
}

// Whether anything is told of the number's end.
bool told(int fd) {
  const std::uint8_t bits = fd_table::bits(fd);
  if (fd_table::is_listening(bits)) {
    return listener::ending(fd);
  }
  return (bits & kTracked) != 0;
}

// close_range is of Linux 5.9; before, it closes nothing.
bool has_close_range() {
  const Questions questions;
  return !questions || raw::call(SYS_close_range, 1, 0, 0) == -EINVAL;
}

bool borrowed() { return process::is_borrowed(process::current()); }

}  // namespace

void before_close(wire::Op op, int fd) {
  const int error = errno;
  if (!borrowed()) {
    if (told(fd)) {
      publish(op, fd, fd, [](Record& record, const Detail& detail) { record.endpoint(detail); });
    }
    fd_table::change(fd, 0xff, 0);
  }
  errno = error;
}

void before_close_range(wire::Op op, unsigned first, unsigned last) {
  const auto end = static_cast<unsigned>(fd_table::end());
  if (first >= end || first > last || borrowed() ||
      (op == wire::Op::close_range && !has_close_range())) {
    return;
  }
  const int error = errno;
  for (unsigned number = first; number < end && number <= last; ++number) {
    const int fd = static_cast<int>(number);
    if (told(fd)) {
      publish(op, fd, fd, [number](Record& record, const Detail&) {
        record.event().payload.descriptor.target_fd = static_cast<int>(number);
        record.event().payload.descriptor.first = number;
        record.event().payload.descriptor.last = number;
      });
    }
    if (fd_table::bits(fd) != 0) {
      fd_table::change(fd, 0xff, 0);
    }
  }
  errno = error;
}

void before_replace(wire::Op op, int from, int target) {
  if (from == target || fd_table::bits(target) == 0) {
    return;
  }
  const Questions questions;
  if (!questions || borrowed()) {
    return;
  }
  const int error = errno;
  // With a bad source the call fails and closes nothing.
  if (!raw::failed(raw::call(SYS_fcntl, from, F_GETFD))) {
    if (told(target)) {
      publish(op, from, target, [target](Record& record, const Detail&) {
        record.event().payload.descriptor.target_fd = target;
      });
    }
    fd_table::change(target, 0xff, 0);
  }
  errno = error;
}

void after_copy(wire::Op op, int from, int made, int command) {
  if (made < 0 || from == made || (fd_table::bits(from) | fd_table::bits(made)) == 0) {
    return;
  }
  const int error = errno;
  if (!borrowed()) {
    const std::uint8_t bits = fd_table::bits(from);
    if (bits == 0) {
      fd_table::forget(made);
    } else {
      fd_table::copy(from, made);
    }
    if ((bits & kTracked) != 0 || listener::is_told(from)) {
      Record record(op, from);
      if (record) {
        record.outcome({made, 0});
        record.event().payload.descriptor.target_fd = made;
        record.event().payload.descriptor.command = command;
        record.publish();
      }
    }
  }
  errno = error;
}

}  // namespace sockwatch::shim::closing
