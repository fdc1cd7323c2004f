// A process that records, for tests of the library's parts: a run directory of its own, the
// process-wide state as in a new process, and a second look at the segment as a collector has it.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "shim/process.h"
#include "shim/wire/segment.h"

namespace sockwatch::shim::test {

// The files in a directory.
std::vector<std::string> files_in(const std::string& directory);

// A segment file mapped for reading and writing, as the collector maps it.
class Mapped {
 public:
  explicit Mapped(const std::string& path);
  ~Mapped();
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  wire::Header& header() const { return *reinterpret_cast<wire::Header*>(base_); }
  wire::Slot& slot(std::size_t index) const;
  wire::RingImage& ring(std::size_t index) const;
  // Takes everything out of a ring, as slots of 64 bytes.
  std::vector<wire::Event> drain(std::size_t index) const;

 private:
  std::byte* base_;
};

// The bytes of one part of the event at the front of `slots`.
std::vector<std::byte> part_of(std::span<const wire::Event> slots, wire::Part part);

class Recording : public ::testing::Test {
 protected:
  Recording();
  ~Recording() override;

  // The only segment in the run directory; fails the test if there is another number of them.
  std::string segment_path() const;
  std::uint64_t lost(wire::Loss cause) const;

  std::string directory_;
};

}  // namespace sockwatch::shim::test
