#include "shim/record.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstring>

#include "shim/membership.h"
#include "shim/questions.h"
#include "shim/raw.h"
#include "shim/state.h"

namespace sockwatch::shim {

Record::Record(wire::Op op, int fd) : process_(process::ensure()), thread_(nullptr) {
  if (process_ == nullptr || !state::recording() || thread::is_foreign(*process_)) {
    return;
  }
  membership::tell();
  std::uint64_t t_ns = 0;
  thread_ = thread::begin(*process_, frame(), t_ns);
  if (thread_ == nullptr) {
    return;
  }
  wire::Event& event = slots_[0];
  event = wire::Event{};
  event.op = op;
  event.fd = fd;
  event.tid = thread_->tid;
  event.t_ns = t_ns;
}

void Record::outcome(Outcome outcome, std::uint64_t start_ns) {
  wire::Event& event = slots_[0];
  event.result = outcome.result;
  event.error = outcome.result < 0 ? static_cast<std::int16_t>(outcome.error) : std::int16_t{0};
  if (start_ns != 0) {
    event.flags |= wire::kHasStart;
    event.duration_ns = event.t_ns > start_ns ? event.t_ns - start_ns : 0;
  }
}

void Record::part(wire::Part part, const void* bytes, std::size_t length) {
  constexpr std::size_t kBytes = wire::Continuation::kBytes;
  const std::size_t count = (length + kBytes - 1) / kBytes;
  if (count > 1 + wire::kMaxContinuationSlots - used_) {
    return;
  }
  const char* from = static_cast<const char*>(bytes);
  for (; length != 0; ++used_) {
    const std::size_t now = length < kBytes ? length : kBytes;
    if (now < kBytes) {
      slots_[used_] = wire::Event{};  // what lay here before is the program's: it goes nowhere
    }
    auto& slot = reinterpret_cast<wire::Continuation&>(slots_[used_]);
    slot.op = wire::Op::continuation;
    slot.part = part;
    slot.length = static_cast<std::uint16_t>(now);
    slot.index = static_cast<std::uint16_t>(used_);
    std::memcpy(slot.bytes, from, now);
    from += now;
    length -= now;
  }
  slots_[0].continuation_slots = static_cast<std::uint8_t>(used_ - 1);
}

void Record::endpoint(const Detail& detail) {
  auto& endpoint = slots_[0].payload.endpoint;
  endpoint.cookie = detail.cookie;
  endpoint.family = detail.family;
  endpoint.type = detail.type;
  endpoint.protocol = detail.protocol;
}

bool Record::local_address(int fd) {
  const Questions questions;
  sockaddr_storage address;  // as much of it is read as the kernel wrote
  std::uint32_t length = sizeof(address);
  if (!questions || raw::failed(raw::call(SYS_getsockname, fd, &address, &length)) ||
      length > sizeof(address)) {
    return false;
  }
  part(wire::Part::local_address, &address, length);
  // The port is at the same place in both families.
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  return length >= sizeof(sockaddr_in) &&
         (address.ss_family == AF_INET || address.ss_family == AF_INET6) &&
         reinterpret_cast<const sockaddr_in*>(&address)->sin_port != 0;
}

void Record::publish() {
  thread::publish(*process_, *thread_, frame(), slots_, used_);
  abandon();
}

void Record::abandon() {
  thread::end(*process_, *thread_, frame());
  thread_ = nullptr;
}

}  // namespace sockwatch::shim
