#include "tests/unit/drain/producer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "collector/drain/clock.h"
#include "tests/segment_head.h"

namespace sockwatch::drain {

Producer::Producer(const std::string& directory, Options options) {
  const std::int32_t pid = options.pid != 0 ? options.pid : ::getpid();
  const std::int64_t now = options.created_ns != 0 ? options.created_ns : monotonic_ns();
  name_ = fmt::format("{}.{}{}", pid, now, wire::kSegmentSuffix);
  path_ = directory + "/" + name_;
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, wire::kSegmentSize) != 0) throw std::runtime_error(path_);
  void* place = ::mmap(nullptr, wire::kSegmentSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (place == MAP_FAILED) throw std::runtime_error("mmap " + path_);
  base_ = static_cast<std::byte*>(place);
  wire::Header& described = header();
  describe_layout(described);
  described.pid = pid;
  described.ppid = ::getppid();
  described.uid = ::getuid();
  described.monotonic_ns = static_cast<std::uint64_t>(now);
  (void)!::readlink("/proc/self/exe", described.exe, sizeof described.exe - 1);
  constexpr char kCommandLine[] = "client\0--to\0server";  // with its last NUL
  std::memcpy(described.command_line, kCommandLine, sizeof kCommandLine);
  described.command_line_length = sizeof kCommandLine;
  if (options.complete) store_magic();
}

Producer::~Producer() {
  if (base_ != nullptr) ::munmap(base_, wire::kSegmentSize);
}

Producer::Producer(Producer&& other) noexcept
    : name_(std::move(other.name_)),
      path_(std::move(other.path_)),
      base_(std::exchange(other.base_, nullptr)) {}

wire::Slot& Producer::slot(std::size_t index) const {
  return reinterpret_cast<wire::Slot*>(base_ + sizeof(wire::Header))[index];
}

wire::Ring& Producer::ring(std::size_t index) const {
  return *reinterpret_cast<wire::Ring*>(base_ + wire::ring_offset(index));
}

wire::RingImage& Producer::image(std::size_t index) const {
  return *reinterpret_cast<wire::RingImage*>(base_ + wire::ring_offset(index));
}

void Producer::store_magic() const {
  header().magic.store(wire::kMagic, std::memory_order_release);
}

bool Producer::publish(std::size_t index, std::vector<wire::Event> slots) const {
  wire::Slot& owner = slot(index);
  if (owner.state.load() == wire::kNeverUsed) {
    new (&ring(index)) wire::Ring;
    owner.state.store(wire::kLeased, std::memory_order_release);
  }
  if (ring(index).write_available() < slots.size()) {
    owner.lost.fetch_add(1);
    return false;
  }
  slots.front().sequence = owner.published.load();
  ring(index).push(slots.data(), slots.data() + slots.size());
  owner.published.fetch_add(slots.size(), std::memory_order_release);
  return true;
}

EventBuilder::EventBuilder(wire::Op op, int fd, std::int64_t t_ns) : slots_(1) {
  slots_[0] = wire::Event{};
  slots_[0].op = op;
  slots_[0].fd = fd;
  slots_[0].t_ns = static_cast<std::uint64_t>(t_ns);
  slots_[0].tid = 77;
}

EventBuilder& EventBuilder::result(std::int64_t result, int error) {
  slots_[0].result = result;
  slots_[0].error = static_cast<std::int16_t>(error);
  return *this;
}

EventBuilder& EventBuilder::flags(unsigned flags) {
  slots_[0].flags = static_cast<std::uint16_t>(slots_[0].flags | flags);
  return *this;
}

EventBuilder& EventBuilder::took(std::int64_t duration_ns) {
  slots_[0].duration_ns = static_cast<std::uint64_t>(duration_ns);
  return flags(wire::kHasStart);
}

EventBuilder& EventBuilder::payload(const wire::Payload& payload) {
  slots_[0].payload = payload;
  return *this;
}

EventBuilder& EventBuilder::part(wire::Part part, const void* bytes, std::size_t length) {
  const auto* from = static_cast<const std::byte*>(bytes);
  do {
    const std::size_t now = std::min(length, wire::Continuation::kBytes);
    wire::Continuation slot{};
    slot.op = wire::Op::continuation;
    slot.part = part;
    slot.length = static_cast<std::uint16_t>(now);
    slot.index = static_cast<std::uint16_t>(slots_.size());
    if (now > 0) std::memcpy(slot.bytes, from, now);
    wire::Event raw{};
    std::memcpy(static_cast<void*>(&raw), &slot, sizeof slot);
    slots_.push_back(raw);
    from += now;
    length -= now;
  } while (length > 0);
  slots_[0].continuation_slots = static_cast<std::uint8_t>(slots_.size() - 1);
  return *this;
}

EventBuilder& EventBuilder::peer(const char* ipv4, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, ipv4, &address.sin_addr);
  return part(wire::Part::peer_address, &address, sizeof address);
}

EventBuilder& EventBuilder::text(wire::Part kind, const std::string& text) {
  return part(kind, text.data(), text.size());
}

wire::Payload endpoint_payload(std::uint64_t cookie, int family, int type, int protocol) {
  wire::Payload payload{};
  payload.endpoint.cookie = cookie;
  payload.endpoint.family = static_cast<std::uint16_t>(family);
  payload.endpoint.type = static_cast<std::uint16_t>(type);
  payload.endpoint.protocol = static_cast<std::uint16_t>(protocol);
  return payload;
}

}  // namespace sockwatch::drain
