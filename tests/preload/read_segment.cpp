#include "tests/preload/read_segment.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <string_view>

namespace sockwatch::preload {
namespace {

using wire::Op;

bool is_known(Op op) {
  switch (op) {
#define SOCKWATCH_OP(number, symbol, group) case Op::symbol:
#include "shim/wire/ops.def"
    case Op::lost:
      return true;
    default:
      return false;
  }
}

std::string_view name_of(Op op) {
  switch (op) {
#define SOCKWATCH_OP(number, symbol, group) \
  case Op::symbol:                          \
    return #symbol;
#include "shim/wire/ops.def"
    case Op::lost:
      return "lost";
    case Op::continuation:
      return "continuation";
    default:
      return "?";
  }
}

// The bytes of all parts of one event, put together again.
class Parts {
 public:
  // False: a part came back after another had begun, or in a wrong order.
  bool add(const wire::Continuation& slot, std::size_t index) {
    if (slot.op != Op::continuation || slot.index != index ||
        slot.length > wire::Continuation::kBytes)
      return false;
    std::string& bytes = of(slot.part);
    const bool goes_on = last_ == slot.part;
    if (!bytes.empty() && (!goes_on || bytes.size() % wire::Continuation::kBytes != 0))
      return false;
    last_ = slot.part;
    bytes.append(reinterpret_cast<const char*>(slot.bytes), slot.length);
    return true;
  }

  std::string& of(wire::Part part) {
    return bytes_[static_cast<std::size_t>(part) % bytes_.size()];
  }

 private:
  std::array<std::string, 8> bytes_;
  wire::Part last_{};
};

// Part of the file: a segment is mostly holes, so only what is in use is read.
class Bytes {
 public:
  Bytes(std::ifstream& file, std::size_t offset, std::size_t size) : bytes_(size, '\0') {
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(bytes_.data(), static_cast<std::streamsize>(size));
  }

  template <class Value>
  Value at(std::size_t offset) const {
    Value value;
    std::memcpy(&value, bytes_.data() + offset, sizeof value);
    return value;
  }
  const char* text(std::size_t offset) const { return bytes_.c_str() + offset; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  Reader(const std::filesystem::path& file, Segment& segment)
      : file_(file, std::ios::binary), start_(file_, 0, wire::kRingsOffset), segment_(segment) {
    if (start_.at<std::uint64_t>(offsetof(wire::Header, magic)) == 0) {
      fault("unfinished");
      return;
    }
    must_be("size of the file", std::filesystem::file_size(file), wire::kSegmentSize);
    if (!read_header()) return;
    for (std::size_t slot = 0; slot < wire::kSlotCount; ++slot) read_slot(slot);
  }

 private:
  template <class... Values>
  void fault(fmt::format_string<Values...> text, Values&&... values) {
    segment_.faults.push_back(fmt::format(text, std::forward<Values>(values)...));
  }

  void must_be(std::string_view what, std::uint64_t found, std::uint64_t expected) {
    if (found != expected) fault("header: {} is {}, expected {}", what, found, expected);
  }

  bool read_header() {
    using wire::Header;
    must_be("magic", start_.at<std::uint64_t>(offsetof(Header, magic)), wire::kMagic);
    must_be("version", start_.at<std::uint32_t>(offsetof(Header, layout_version)),
            wire::kLayoutVersion);
    must_be("event size", start_.at<std::uint32_t>(offsetof(Header, event_size)),
            sizeof(wire::Event));
    must_be("ring size", start_.at<std::uint32_t>(offsetof(Header, ring_size)), sizeof(wire::Ring));
    must_be("capacity", start_.at<std::uint32_t>(offsetof(Header, ring_capacity)),
            wire::kRingCapacity);
    must_be("slots", start_.at<std::uint32_t>(offsetof(Header, slot_count)), wire::kSlotCount);
    must_be("header size", start_.at<std::uint32_t>(offsetof(Header, header_size)), sizeof(Header));
    must_be("rings offset", start_.at<std::uint64_t>(offsetof(Header, rings_offset)),
            wire::kRingsOffset);
    must_be("stride", start_.at<std::uint64_t>(offsetof(Header, ring_stride)), wire::kRingStride);
    must_be("file size", start_.at<std::uint64_t>(offsetof(Header, file_size)), wire::kSegmentSize);
    segment_.pid = start_.at<std::int32_t>(offsetof(Header, pid));
    segment_.created_ns = start_.at<std::uint64_t>(offsetof(Header, monotonic_ns));
    segment_.sandboxed_ns = start_.at<std::uint64_t>(offsetof(Header, sandboxed_ns));
    segment_.program = start_.at<std::uint32_t>(offsetof(Header, program));
    segment_.exe = start_.text(offsetof(Header, exe));
    for (std::size_t cause = 0; cause < wire::kLossCauses; ++cause) {
      segment_.lost[cause] =
          start_.at<std::uint64_t>(offsetof(Header, lost) + cause * sizeof(std::uint64_t));
    }
    return segment_.faults.empty();
  }

  void read_slot(std::size_t slot) {
    const std::size_t at = sizeof(wire::Header) + slot * sizeof(wire::Slot);
    const auto state = start_.at<std::uint32_t>(at + offsetof(wire::Slot, state));
    const auto published = start_.at<std::uint64_t>(at + offsetof(wire::Slot, published));
    segment_.lost[0] += start_.at<std::uint64_t>(at + offsetof(wire::Slot, lost));
    if (state == wire::kNeverUsed) {
      if (published != 0) fault("slot {}: never used, yet {} published", slot, published);
      return;
    }
    ++segment_.slots_used;
    const Bytes ring(file_, wire::ring_offset(slot), wire::ring_bytes(slot));
    const auto write = ring.at<std::uint64_t>(offsetof(wire::RingImage, write_index));
    // Nobody drains, so nothing wraps: what was published is what lies there.
    if (write >= wire::ring_elements(slot) ||
        ring.at<std::uint64_t>(offsetof(wire::RingImage, read_index)) != 0) {
      fault("slot {}: write index {}", slot, write);
      return;
    }
    // A thread may have been stopped for good between its push and the count beside it.
    if (published > write || published + 1 + wire::kMaxContinuationSlots < write) {
      fault("slot {}: {} published, {} in the ring", slot, published, write);
    }
    last_ns_ = 0;
    for (std::size_t i = 0; i < write;) i += read_event(slot, ring, i, write);
  }

  std::size_t read_event(std::size_t slot, const Bytes& ring, std::size_t first, std::size_t end) {
    const std::size_t at = sizeof(wire::RingImage) + first * sizeof(wire::Event);
    RecordedEvent recorded;
    recorded.slot = slot;
    recorded.event = ring.at<wire::Event>(at);
    const wire::Event& event = recorded.event;
    const std::string where =
        fmt::format("slot {} element {} ({})", slot, first, name_of(event.op));
    if (!is_known(event.op)) fault("{}: op {}", where, static_cast<int>(event.op));
    if (event.sequence != first) fault("{}: sequence {}", where, event.sequence);
    // One event at a time, unless a signal handler came upon one that was being put together. (The
    // first of a thread may be older than the last of the ring's owner before.)
    if (event.t_ns < last_ns_ && event.tid == last_tid_) {
      segment_.out_of_order.push_back(
          fmt::format("{}: {} ns before its predecessor", where, last_ns_ - event.t_ns));
    }
    last_ns_ = event.t_ns;
    last_tid_ = event.tid;
    if (event.tid == 0) fault("{}: no thread", where);
    if (event.result >= 0 && event.error != 0)
      fault("{}: result {} with errno {}", where, event.result, event.error);
    if ((event.flags & wire::kHasStart) == 0 && event.duration_ns != 0)
      fault("{}: duration without start", where);
    const std::size_t more = event.continuation_slots;
    if (more > wire::kMaxContinuationSlots || first + more >= end) {
      fault("{}: {} continuation slots", where, more);
      return end;
    }
    Parts parts;
    for (std::size_t i = 1; i <= more; ++i) {
      if (!parts.add(ring.at<wire::Continuation>(at + i * sizeof(wire::Event)), i)) {
        fault("{}: continuation {} does not fit", where, i);
      }
    }
    take(recorded, parts, where);
    segment_.events.push_back(std::move(recorded));
    return 1 + more;
  }

  void take(RecordedEvent& recorded, Parts& parts, const std::string& where) {
    recorded.peer = parts.of(wire::Part::peer_address);
    recorded.local = parts.of(wire::Part::local_address);
    recorded.name = parts.of(wire::Part::name);
    const std::string& entries = parts.of(wire::Part::entries);
    recorded.entries.resize(entries.size() / sizeof(wire::WaitEntry));
    if (entries.size() % sizeof(wire::WaitEntry) != 0)
      fault("{}: entries of {} bytes", where, entries.size());
    if (!entries.empty()) {
      std::memcpy(recorded.entries.data(), entries.data(),
                  recorded.entries.size() * sizeof(wire::WaitEntry));
    }
    const std::string& tcp = parts.of(wire::Part::tcp);
    if (tcp.size() == sizeof(wire::TcpPicture)) {
      std::memcpy(&recorded.tcp.emplace(), tcp.data(), sizeof(wire::TcpPicture));
    } else if (!tcp.empty()) {
      fault("{}: TCP picture of {} bytes", where, tcp.size());
    }
  }

  std::ifstream file_;
  Bytes start_;
  Segment& segment_;
  std::uint64_t last_ns_ = 0;
  std::uint32_t last_tid_ = 0;
};

}  // namespace

Segment read_segment(const std::filesystem::path& file) {
  Segment segment;
  Reader(file, segment);
  if (segment.pid != 0 && !file.filename().string().starts_with(fmt::format("{}.", segment.pid))) {
    segment.faults.push_back(
        fmt::format("named {} by pid {}", file.filename().string(), segment.pid));
  }
  return segment;
}

std::string describe(const RecordedEvent& recorded) {
  const wire::Event& event = recorded.event;
  return fmt::format(
      "slot {} tid {} {} fd {} = {} (errno {}) flags {:#x} detail {:#x}{}{}", recorded.slot,
      event.tid, name_of(event.op), event.fd, event.result, event.error, event.flags, event.detail,
      recorded.tcp ? fmt::format(" tcp state {}", recorded.tcp->state) : "",
      recorded.entries.empty() ? "" : fmt::format(" {} entries", recorded.entries.size()));
}

}  // namespace sockwatch::preload
