#include "tests/unit/drain/target.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "collector/drain/clock.h"

namespace sockwatch::drain {

Target::Target(Work work) {
  int order[2], done[2];
  if (::pipe(order) != 0 || ::pipe(done) != 0) throw std::runtime_error("pipe");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::close(order[1]);
    ::close(done[0]);
    char byte = 0;
    for (int step = 0; ::read(order[0], &byte, 1) == 1; ++step) {
      work(step);
      (void)!::write(done[1], &byte, 1);
    }
    ::_exit(0);
  }
  ::close(order[0]);
  ::close(done[1]);
  order_fd_ = order[1];
  done_fd_ = done[0];
}

Target::~Target() {
  kill();
  ::close(order_fd_);
  ::close(done_fd_);
}

void Target::step() {
  char byte = 1;
  if (::write(order_fd_, &byte, 1) != 1 || ::read(done_fd_, &byte, 1) != 1) {
    throw std::runtime_error("the target died");
  }
}

void Target::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

namespace {

std::uint64_t next_cookie() {
  static std::uint64_t cookie = 1000;
  return ++cookie;
}

void publish_connect(const Producer& producer, std::size_t slot, int fd, std::uint16_t port,
                     int error, unsigned flags) {
  const std::int64_t begin = monotonic_ns();
  const wire::Payload endpoint = endpoint_payload(next_cookie(), AF_INET, SOCK_STREAM, 6);
  producer.publish(slot, EventBuilder(wire::Op::connect, fd, begin)
                             .flags(flags | wire::kBegin)
                             .payload(endpoint)
                             .peer("192.0.2.1", port)
                             .slots());
  const std::int64_t end = monotonic_ns();
  producer.publish(slot, EventBuilder(wire::Op::connect, fd, end)
                             .took(end - begin)
                             .flags(flags)
                             .result(error == 0 ? 0 : -1, error)
                             .payload(endpoint)
                             .peer("192.0.2.1", port)
                             .slots());
}

}  // namespace

void publish_refused(const Producer& producer, std::size_t slot, int fd, std::uint16_t port) {
  publish_connect(producer, slot, fd, port, ECONNREFUSED, 0);
  const std::int64_t now = monotonic_ns();
  producer.publish(slot, EventBuilder(wire::Op::close, fd, now).flags(wire::kBegin).slots());
  producer.publish(slot, EventBuilder(wire::Op::close, fd, now + 1).took(1).slots());
}

void publish_connected(const Producer& producer, std::size_t slot, int fd, std::uint16_t port) {
  publish_connect(producer, slot, fd, port, 0, 0);
}

void publish_connecting(const Producer& producer, std::size_t slot, int fd, std::uint16_t port) {
  publish_connect(producer, slot, fd, port, EINPROGRESS, wire::kNonBlocking);
}

}  // namespace sockwatch::drain
