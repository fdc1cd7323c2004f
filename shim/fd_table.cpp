#include "shim/fd_table.h"

#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "shim/own_memory.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"
#include "shim/thread.h"

namespace sockwatch::shim::fd_table {
namespace {

std::uint64_t weight(unsigned bits) {
  if (state::settings.every_call && (bits & kTracked) != 0) {
    bits |= kAwaiting;  // every wait is told
  }
  return ((bits & kConnecting) != 0 ? Process::kConnectingOne : 0) +
         ((bits & kAwaiting) != 0 ? Process::kAwaitingOne : 0);
}

std::uint16_t protocol_of(int family, int type, int protocol) {
  if (protocol != 0 || (family != AF_INET && family != AF_INET6)) {
    return static_cast<std::uint16_t>(protocol);
  }
  return type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
}

}  // namespace

std::uint8_t change(int fd, unsigned clear, unsigned set) {
  Process& process = process::current();
  if (static_cast<std::uint32_t>(fd) >= process.limit.load(std::memory_order_relaxed)) {
    return 0;
  }
  std::atomic<std::uint8_t>& byte = process.bits()[fd];
  std::uint8_t before = byte.load(std::memory_order_relaxed);
  if (thread::is_foreign(process)) [[unlikely]] {
    return before;
  }
  std::uint8_t after;
  do {
    after = static_cast<std::uint8_t>((before & ~clear) | set);
  } while (!byte.compare_exchange_weak(before, after, std::memory_order_relaxed));
  const std::uint64_t difference = weight(after) - weight(before);
  if (difference != 0) {
    process.pending.fetch_add(difference, std::memory_order_relaxed);
  }
  constexpr unsigned kPhase = kTracked | kConnecting;
  if ((after & kPhase) == kTracked && (before & kPhase) != kTracked) {  // its connect phase is over
    process.clients.store(1, std::memory_order_relaxed);
    note_received(process);
  }
  const auto above = static_cast<std::uint32_t>(fd) + 1;
  std::uint32_t end = process.end.load(std::memory_order_relaxed);
  while (after != 0 && end < above &&
         !process.end.compare_exchange_weak(end, above, std::memory_order_relaxed)) {
  }
  return before;
}

Detail* detail_if_mapped(int fd) {
  Process& process = process::current();
  if (static_cast<std::uint32_t>(fd) >= process.limit.load(std::memory_order_relaxed)) {
    return nullptr;
  }
  const auto index = static_cast<std::size_t>(fd);
  Detail* chunk = process.chunks()[index / process::kChunkDetails].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : chunk + index % process::kChunkDetails;
}

Detail* detail(int fd) {
  Process& process = process::current();
  if (Detail* known = detail_if_mapped(fd)) {
    return known;
  }
  const Questions questions;
  if (static_cast<std::uint32_t>(fd) >= process.limit.load(std::memory_order_relaxed) ||
      !questions) {
    return nullptr;
  }
  constexpr std::size_t kBytes = process::kChunkDetails * sizeof(Detail);
  const long address = map_own(kBytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (raw::failed(address)) {
    return nullptr;
  }
  const auto index = static_cast<std::size_t>(fd);
  Detail* expected = nullptr;
  if (!process.chunks()[index / process::kChunkDetails].compare_exchange_strong(
          expected, reinterpret_cast<Detail*>(address), std::memory_order_acq_rel)) {
    raw::call(SYS_munmap, address, kBytes);
  }
  return detail_if_mapped(fd);
}

void forget_known(int fd) {
  // Its close has passed us by, or it is the child's of a vfork we did not see.
  if (!process::is_borrowed(process::current())) {
    change(fd, 0xff, 0);
  }
}

void born(int fd, int family, int type, int protocol) {
  Process& process = process::current();
  if (bits(fd) != 0 ? process::is_borrowed(process) : thread::is_foreign(process)) {
    return;
  }
  Detail* known = detail(fd);
  if (known == nullptr) {
    forget(fd);
    return;
  }
  type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  *known = Detail{};
  known->family = static_cast<std::uint16_t>(family);
  known->type = static_cast<std::uint16_t>(type);
  known->protocol = protocol_of(family, type, protocol);
  change(fd, 0xff, kBorn);
}

void copy(int from, int fd) {
  const std::uint8_t known = bits(from);
  const Detail* source = detail_if_mapped(from);
  Detail* target = detail(fd);
  if (source == nullptr || target == nullptr) {
    forget(fd);
    return;
  }
  *target = *source;
  target->options &= static_cast<std::uint16_t>(~kLeftUntold);
  // What is pending goes with it: programs move a socket to another number while it connects. An
  // epoll set watches the number it was given, not its copies.
  change(fd, 0xff, known & ~unsigned{kInEpoll});
}

}  // namespace sockwatch::shim::fd_table
