#include "collector/drain/decode.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "collector/connect/ops.h"
#include "collector/drain/address.h"

namespace sockwatch::drain {
namespace {

constexpr int kMaxErrno = 4095;  // the kernel's MAX_ERRNO
constexpr std::uint16_t kKnownFlags =
    wire::kBegin | wire::kHasStart | wire::kNonBlocking | wire::kMoreEntries | wire::kNotReturned;
constexpr std::size_t kParts = static_cast<std::size_t>(wire::Part::listening);
constexpr std::size_t kPartBytes = wire::kMaxContinuationSlots * wire::Continuation::kBytes;

bool is_known(wire::Op op) {
  switch (op) {
#define SOCKWATCH_OP(number, symbol, group) case wire::Op::symbol:
#include "shim/wire/ops.def"
    case wire::Op::lost:
      return true;
    default:
      return false;
  }
}

// The bytes of every part of one publication, put together.
class Parts {
 public:
  // False if the slots are not a well-formed list of parts.
  bool collect(std::span<const wire::Event> slots) {
    std::size_t last = 0;        // part of the slot before, 1-based; 0: none
    bool last_was_full = false;  // only then may its part go on
    for (std::size_t i = 0; i < slots.size(); ++i) {
      wire::Continuation slot;
      std::memcpy(&slot, &slots[i], sizeof slot);
      const auto part = static_cast<std::size_t>(slot.part);
      if (slot.op != wire::Op::continuation || slot.index != i + 1) return false;
      if (part == 0 || part > kParts || slot.length > wire::Continuation::kBytes) return false;
      Piece& piece = pieces_[part - 1];
      if (part == last ? !last_was_full : piece.present) return false;
      if (part != last) piece = {used_, 0, true};
      std::memcpy(bytes_.data() + used_, slot.bytes, slot.length);
      piece.length += slot.length;
      used_ += slot.length;
      last = part;
      last_was_full = slot.length == wire::Continuation::kBytes;
    }
    return true;
  }

  // Empty if the publication has no such part.
  std::optional<std::span<const std::byte>> find(wire::Part part) const {
    const Piece& piece = pieces_[static_cast<std::size_t>(part) - 1];
    if (!piece.present) return std::nullopt;
    return std::span(bytes_).subspan(piece.begin, piece.length);
  }

 private:
  struct Piece {
    std::size_t begin = 0;
    std::size_t length = 0;
    bool present = false;
  };
  std::array<Piece, kParts> pieces_{};
  std::array<std::byte, kPartBytes> bytes_;  // the first used_ bytes are set
  std::size_t used_ = 0;
};

bool read_address(const Parts& parts, wire::Part part, std::optional<connect::Address>& into) {
  const auto bytes = parts.find(part);
  if (!bytes) return true;
  into = decode_address(*bytes);
  return into.has_value();
}

bool read_text(const Parts& parts, wire::Part part, std::string& into) {
  const auto bytes = parts.find(part);
  if (!bytes) return true;
  if (bytes->size() > wire::kMaxNameBytes) return false;
  into.assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  return into.find('\0') == std::string::npos;
}

bool read_tcp(const Parts& parts, std::optional<wire::TcpPicture>& into) {
  const auto bytes = parts.find(wire::Part::tcp);
  if (!bytes) return true;
  if (bytes->size() != sizeof(wire::TcpPicture)) return false;
  std::memcpy(&into.emplace(), bytes->data(), sizeof(wire::TcpPicture));
  return true;
}

bool read_entries(const Parts& parts, std::vector<wire::WaitEntry>& into) {
  const auto bytes = parts.find(wire::Part::entries);
  if (!bytes) return true;
  const std::size_t count = bytes->size() / sizeof(wire::WaitEntry);
  if (bytes->size() % sizeof(wire::WaitEntry) != 0 || count > wire::kEntriesPerEvent) return false;
  into.resize(count);
  if (count > 0) std::memcpy(into.data(), bytes->data(), bytes->size());
  return true;
}

bool read_listening(const Parts& parts, std::optional<wire::Listening>& into) {
  const auto bytes = parts.find(wire::Part::listening);
  if (!bytes) return true;
  if (bytes->size() != sizeof(wire::Listening)) return false;
  std::memcpy(&into.emplace(), bytes->data(), sizeof(wire::Listening));
  return true;
}

bool read_resolved(const Parts& parts, std::vector<std::string>& into) {
  const auto bytes = parts.find(wire::Part::addresses);
  if (!bytes) return true;
  const std::size_t count = bytes->size() / sizeof(wire::ResolvedAddress);
  if (bytes->size() % sizeof(wire::ResolvedAddress) != 0 || count > wire::kMaxResolvedAddresses) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    wire::ResolvedAddress address;
    std::memcpy(&address, bytes->data() + i * sizeof address, sizeof address);
    std::optional<std::string> text = decode_resolved(address);
    if (!text) return false;
    into.push_back(*std::move(text));
  }
  return true;
}

// A program may ask for any time limit; one of ages is as good as none and stays what it is, only
// shorter.
void bound_limits(connect::Observation& into) {
  if (connect::is_poll_family(into.op) || connect::is_epoll_wait(into.op)) {
    std::int64_t& timeout_ns = into.payload.wait.timeout_ns;
    timeout_ns = std::clamp<std::int64_t>(timeout_ns, -1, connect::kMostNs);
  } else if (into.op == wire::Op::setsockopt) {
    std::int64_t& value = into.payload.option.value;
    value = std::clamp(value, -connect::kMostNs, connect::kMostNs);
  }
}

bool read_event(const wire::Event& event, connect::Observation& into) {
  if (!is_known(event.op) || (event.flags & ~kKnownFlags) != 0) return false;
  if (event.t_ns > std::uint64_t{connect::kMostNs} || event.error < 0 || event.error > kMaxErrno)
    return false;
  const bool has_start = (event.flags & wire::kHasStart) != 0;
  if (has_start && event.duration_ns > event.t_ns) return false;
  if (event.op == wire::Op::lost && event.payload.lost.cause >= wire::kLossCauses) return false;
  into.op = event.op;
  into.flags = event.flags;
  into.detail = event.detail;
  into.fd = event.fd;
  into.tid = event.tid;
  into.t_ns = static_cast<std::int64_t>(event.t_ns);
  into.duration_ns = has_start ? static_cast<std::int64_t>(event.duration_ns) : 0;
  into.result = event.result;
  into.error = event.error;
  into.payload = event.payload;
  bound_limits(into);
  return true;
}

// What read_event() does not set.
void forget_parts(connect::Observation& of) {
  of.peer.reset();
  of.local.reset();
  of.tcp.reset();
  of.entries.clear();
  of.listening.reset();
  of.name.clear();
  of.service.clear();
  of.addresses.clear();
}

}  // namespace

const connect::Observation* Decoder::decode(std::span<const wire::Event> publication) {
  if (publication.empty()) return nullptr;
  const wire::Event& event = publication.front();
  if (event.continuation_slots > wire::kMaxContinuationSlots) return nullptr;
  if (publication.size() != 1 + std::size_t{event.continuation_slots}) return nullptr;

  connect::Observation& result = observation_;
  if (std::exchange(has_parts_, publication.size() > 1)) forget_parts(result);
  if (!read_event(event, result)) return nullptr;
  if (publication.size() == 1) return &result;

  Parts parts;
  if (!parts.collect(publication.subspan(1))) return nullptr;
  const bool good =
      read_address(parts, wire::Part::peer_address, result.peer) &&
      read_address(parts, wire::Part::local_address, result.local) && read_tcp(parts, result.tcp) &&
      read_entries(parts, result.entries) && read_text(parts, wire::Part::name, result.name) &&
      read_text(parts, wire::Part::service, result.service) &&
      read_resolved(parts, result.addresses) && read_listening(parts, result.listening);
  return good ? &result : nullptr;
}

std::optional<connect::Observation> decode(std::span<const wire::Event> publication) {
  Decoder decoder;
  const connect::Observation* const observation = decoder.decode(publication);
  return observation == nullptr ? std::nullopt : std::optional(*observation);
}

}  // namespace sockwatch::drain
