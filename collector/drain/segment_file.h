// One segment file of the run directory, checked and mapped.
//
// The file belongs to a process under observation, which may change any byte of it, or its length,
// at any time. What is read here once is checked and kept as a copy; slots and rings are handed out
// as they lie and must be read through RingReader.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "collector/drain/bus_guard.h"
#include "collector/support/result.h"
#include "shim/wire/segment.h"

namespace sockwatch::drain {

// What a segment's name says: "<pid>.<created_ns>.seg".
struct SegmentName {
  std::int32_t pid = 0;
  std::int64_t created_ns = 0;
};
std::optional<SegmentName> parse_segment_name(const std::string& name);

// The process image as it described itself when the segment was made. Text is bytes as found.
struct SegmentOrigin {
  std::int32_t pid = 0;
  std::int32_t ppid = 0;
  std::uint32_t uid = 0;
  std::int64_t created_ns = 0;      // CLOCK_MONOTONIC, from the name
  std::uint64_t pid_namespace = 0;  // in which pid and ppid are numbers; 0: not known
  bool is_go = false;               // what Go code does goes past the library
  std::string exe;
  std::string command_line;  // arguments separated by one space
};

class SegmentFile {
 public:
  // Empty while the library has not finished making the file: ask again later. An Error when it is
  // not a segment this collector can read; the message says found, expected, cause and remedy.
  static Result<std::optional<SegmentFile>> open(int directory_fd, const std::string& name);

  ~SegmentFile();
  SegmentFile(SegmentFile&& other) noexcept;
  SegmentFile& operator=(SegmentFile&& other) noexcept;

  const std::string& name() const { return name_; }
  const SegmentOrigin& origin() const { return origin_; }

  // index < wire::kSlotCount. A ring whose slot is kNeverUsed must not be touched.
  wire::Slot& slot(std::size_t index) const;
  wire::RingImage& ring(std::size_t index) const;
  std::uint64_t lost(wire::Loss cause) const;  // events dropped outside any ring

  // Belongs to both sides; see shim/wire/segment.h.
  std::atomic<std::uint32_t>& bell() const;
  std::atomic<std::uint32_t>& told() const;

  // Part of the file is gone: see BusGuard.
  bool broken() const { return guard_.broken(); }

 private:
  SegmentFile() = default;
  Status map(int fd, const std::string& name);
  Status check_layout() const;
  void read_origin(const SegmentName& name);
  wire::Header& header() const;
  void unmap();

  std::string name_;
  SegmentOrigin origin_;
  std::byte* base_ = nullptr;  // first byte of the file; no access on either side of it
  BusGuard guard_;
};

}  // namespace sockwatch::drain
