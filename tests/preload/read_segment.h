// A reader of segments for tests: strict where the collector is forgiving. It knows the wire
// headers and nothing else, so it is a second opinion on what the library writes. Only for segments
// nobody has drained.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shim/wire/segment.h"

namespace sockwatch::preload {

struct RecordedEvent {
  wire::Event event;
  std::size_t slot = 0;
  std::string peer;   // struct sockaddr
  std::string local;  // struct sockaddr
  std::string name;
  std::vector<wire::WaitEntry> entries;
  std::optional<wire::TcpPicture> tcp;
};

struct Segment {
  int pid = 0;
  std::uint64_t created_ns = 0;
  std::uint64_t sandboxed_ns = 0;
  std::uint32_t program = 0;  // wire::Program
  std::string exe;
  std::array<std::uint64_t, wire::kLossCauses> lost{};  // ring_full: summed over the slots
  std::size_t slots_used = 0;
  std::vector<RecordedEvent> events;      // slot by slot, each in the order of its ring
  std::vector<std::string> out_of_order;  // events published after a later one of their thread
  std::vector<std::string> faults;        // everything the contract forbids; empty when all is well
};

Segment read_segment(const std::filesystem::path& file);

// For messages: "connect fd 5 = -1 (errno 111) flags 0x2".
std::string describe(const RecordedEvent& recorded);

}  // namespace sockwatch::preload
