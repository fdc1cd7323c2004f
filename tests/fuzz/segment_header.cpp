// A segment file whose header, slots and first events anybody may have written, as the collector
// opens and drains it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "collector/drain/decode.h"
#include "collector/drain/segment_reader.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/scratch_directory.h"
#include "tests/segment_head.h"

namespace sockwatch::fuzz {
namespace {

constexpr std::int32_t kPid = 4711;
constexpr std::size_t kSlotsAt = sizeof(wire::Header);
constexpr std::size_t kRings = 3;  // that an input reaches

struct Head {
  alignas(64) std::byte bytes[wire::kRingsOffset];
};

Head good_head() {
  Head head{};
  auto& header = *reinterpret_cast<wire::Header*>(head.bytes);
  header.magic = wire::kMagic;
  describe_layout(header);
  header.pid = kPid;
  std::strcpy(header.exe, "/bin/true");
  header.command_line_length = 1;
  return head;
}

struct Segment {
  ScratchDirectory directory;
  std::string name = std::to_string(kPid) + ".1.seg";
  int directory_fd = ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int fd = ::openat(directory_fd, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  Segment() {
    require(::ftruncate(fd, static_cast<off_t>(wire::kSegmentSize)) == 0, "room for a segment");
  }
  void write(const void* bytes, std::size_t count, std::size_t at) const {
    require(::pwrite(fd, bytes, count, static_cast<off_t>(at)) == static_cast<ssize_t>(count),
            "the segment can be written");
  }
};

// Edits of the good head: where, what.
void edit_head(Input& input, Head& head) {
  const std::size_t edits = input.below(16);
  for (std::size_t i = 0; i < edits; ++i) {
    const bool in_slots = input.below(2) == 1;
    const std::size_t at =
        in_slots ? kSlotsAt + input.take<std::uint16_t>() % (kRings * sizeof(wire::Slot))
                 : input.take<std::uint16_t>() % kSlotsAt;
    const auto bytes = input.bytes(1 + input.below(16));
    const std::size_t count = std::min(bytes.size(), sizeof head.bytes - at);
    if (count > 0) std::memcpy(head.bytes + at, bytes.data(), count);
  }
}

void write_ring(Input& input, const Segment& segment, std::size_t ring) {
  const std::size_t base = wire::ring_offset(ring);
  const std::uint64_t write_index = input.take<std::uint16_t>();
  const std::uint64_t read_index = input.take<std::uint8_t>();
  segment.write(&write_index, sizeof write_index, base + offsetof(wire::RingImage, write_index));
  segment.write(&read_index, sizeof read_index, base + offsetof(wire::RingImage, read_index));
  std::uint64_t sequence = read_index;
  for (std::size_t place = read_index; place < write_index && place < read_index + 8; ++place) {
    wire::Event event{};
    const auto bytes = input.bytes(sizeof event);
    if (!bytes.empty()) std::memcpy(static_cast<void*>(&event), bytes.data(), bytes.size());
    if (input.below(8) != 0) event.sequence = sequence;
    sequence += 1 + std::size_t{event.continuation_slots};
    segment.write(&event, sizeof event, base + sizeof(wire::RingImage) + place * sizeof event);
  }
}

void drain_all(drain::SegmentFile file) {
  const drain::SegmentOrigin origin = file.origin();
  require(origin.pid == kPid, "the process is the one of the name");
  require(origin.exe.size() <= sizeof(wire::Header::exe), "the path stays in its field");
  require(origin.command_line.size() <= sizeof(wire::Header::command_line), "so do the arguments");
  drain::SegmentReader reader(std::move(file));
  drain::Harvest harvest;
  for (int round = 0; round < 2; ++round) reader.drain(harvest, round == 1);
  for (const auto& pieces : harvest.rings) {
    for (const auto& piece : pieces) {
      for (std::size_t at = 0; at < piece.size();) {
        const std::size_t slots = 1 + std::size_t{piece[at].continuation_slots};
        require(at + slots <= piece.size(), "whole publications come out");
        (void)drain::decode(std::span(piece).subspan(at, slots));
        at += slots;
      }
    }
  }
}

void run(Input input) {
  static const Segment segment;
  Head head = good_head();
  edit_head(input, head);
  segment.write(head.bytes, sizeof head.bytes, 0);
  for (std::size_t ring = 0; ring < kRings; ++ring) write_ring(input, segment, ring);
  auto file = drain::SegmentFile::open(segment.directory_fd, segment.name);
  if (!file) {
    require(!file.error().message.empty(), "a refusal has words");
  } else if (file->has_value()) {
    drain_all(std::move(**file));
  }
}

}  // namespace
}  // namespace sockwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  sockwatch::fuzz::run(sockwatch::fuzz::Input(bytes, count));
  return 0;
}
