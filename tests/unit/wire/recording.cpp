#include "tests/unit/wire/recording.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "shim/segment.h"
#include "shim/state.h"
#include "shim/thread.h"

namespace sockwatch::shim::test {

namespace fs = std::filesystem;

std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(directory)) files.push_back(entry.path());
  return files;
}

Mapped::Mapped(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) throw std::runtime_error("cannot open " + path);
  void* base = mmap(nullptr, wire::kSegmentSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (base == MAP_FAILED) throw std::runtime_error("cannot map " + path);
  base_ = static_cast<std::byte*>(base);
}

Mapped::~Mapped() { munmap(base_, wire::kSegmentSize); }

wire::Slot& Mapped::slot(std::size_t index) const {
  return reinterpret_cast<wire::Slot*>(base_ + sizeof(wire::Header))[index];
}

wire::RingImage& Mapped::ring(std::size_t index) const {
  return *reinterpret_cast<wire::RingImage*>(base_ + wire::ring_offset(index));
}

std::vector<wire::Event> Mapped::drain(std::size_t index) const {
  wire::RingImage& image = ring(index);
  std::vector<wire::Event> slots;
  const std::size_t end = image.write_index.load(std::memory_order_acquire);
  std::size_t at = image.read_index.load(std::memory_order_relaxed);
  for (; at != end; at = (at + 1) % wire::ring_elements(index)) {
    slots.push_back(image.elements()[at]);
  }
  image.read_index.store(at, std::memory_order_release);
  return slots;
}

std::vector<std::byte> part_of(std::span<const wire::Event> slots, wire::Part part) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 1; i <= slots[0].continuation_slots; ++i) {
    wire::Continuation slot;
    std::memcpy(&slot, &slots[i], sizeof(slot));
    EXPECT_EQ(slot.op, wire::Op::continuation);
    EXPECT_EQ(slot.index, i);
    if (slot.part == part) bytes.insert(bytes.end(), slot.bytes, slot.bytes + slot.length);
  }
  return bytes;
}

Recording::Recording() {
  const char* root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  std::string name = std::string(root) + "/sockwatch-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no run directory");
  directory_ = name;
  std::strcpy(state::settings.directory, directory_.c_str());
  state::settings.every_call = false;
  state::mode = state::Mode::recording;
  state::sandboxed = false;

  static const bool started = [] {
    thread::start();
    return true;
  }();
  EXPECT_TRUE(started);
  // As after a fork: everything the process knows is zero.
  if (Process* process = process::ensure()) {
    std::memset(static_cast<void*>(process), 0, process::kMappingSize);
  }
  process::ensure();
}

Recording::~Recording() { fs::remove_all(directory_); }

std::string Recording::segment_path() const {
  const auto files = files_in(directory_);
  EXPECT_EQ(files.size(), 1U);
  return files.empty() ? std::string() : files.front();
}

std::uint64_t Recording::lost(wire::Loss cause) const {
  return process::current().segment.load()->lost[static_cast<std::size_t>(cause)];
}

}  // namespace sockwatch::shim::test
