// Plays the library inside a target: makes a segment file and publishes events into its rings with
// Boost's queue, in the order of stores the wire contract asks for.
#pragma once

#include <string>
#include <vector>

#include "shim/wire/segment.h"

namespace sockwatch::drain {

// Async-signal-safe apart from the constructor's string: usable in a forked child.
class Producer {
 public:
  // A complete segment "<pid>.<created_ns>.seg" of this process, unless told otherwise.
  struct Options {
    std::int32_t pid = 0;         // 0: getpid()
    std::int64_t created_ns = 0;  // 0: now
    bool complete = true;         // store the magic
  };
  explicit Producer(const std::string& directory) : Producer(directory, Options()) {}
  Producer(const std::string& directory, Options options);
  ~Producer();
  Producer(Producer&& other) noexcept;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }
  wire::Header& header() const { return *reinterpret_cast<wire::Header*>(base_); }
  wire::Slot& slot(std::size_t index) const;
  wire::Ring& ring(std::size_t index) const;
  wire::RingImage& image(std::size_t index) const;
  void store_magic() const;

  // Numbers the event and publishes it with its continuations; false if the ring has no room.
  bool publish(std::size_t slot, std::vector<wire::Event> slots) const;

 private:
  std::string name_;
  std::string path_;
  std::byte* base_ = nullptr;
};

// An event with continuation slots, as the library builds it.
class EventBuilder {
 public:
  EventBuilder(wire::Op op, int fd, std::int64_t t_ns);
  EventBuilder& result(std::int64_t result, int error = 0);
  EventBuilder& flags(unsigned flags);
  EventBuilder& took(std::int64_t duration_ns);
  EventBuilder& payload(const wire::Payload& payload);
  EventBuilder& part(wire::Part part, const void* bytes, std::size_t length);
  EventBuilder& peer(const char* ipv4, std::uint16_t port);
  EventBuilder& text(wire::Part part, const std::string& text);

  std::vector<wire::Event> slots() const { return slots_; }

 private:
  std::vector<wire::Event> slots_;
};

wire::Payload endpoint_payload(std::uint64_t cookie, int family, int type, int protocol);

}  // namespace sockwatch::drain
