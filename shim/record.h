// Putting one event together on the stack and publishing it.
//
//   Record record(wire::Op::connect, fd);   // an event is under way, reads the clock
//   if (record) {                           // false: lost and counted, or nothing to record into
//     record.event().result = ...;
//     record.part(wire::Part::tcp, &picture, sizeof picture);
//     record.publish();                     // the event is over
//   }
//
// Made after the real call has returned (or before it is made, for kBegin), never around it: there
// is nothing here that unwinding would have to undo. errno is not touched.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shim/fd_table.h"
#include "shim/thread.h"
#include "shim/wire/event.h"

namespace sockwatch::shim {

// What a call came to.
struct Outcome {
  long result;
  int error;  // errno, looked at only where `result` is a failure
};

class Record {
 public:
  Record(wire::Op op, int fd);
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  explicit operator bool() const { return thread_ != nullptr; }
  wire::Event& event() { return slots_[0]; }

  // The result and, for a negative one, errno. `start_ns` 0: the start was not read.
  void outcome(Outcome outcome, std::uint64_t start_ns = 0);

  // Adds continuation slots; a part that does not fit any more is left out whole.
  void part(wire::Part part, const void* bytes, std::size_t length);

  // Cookie, family, type and protocol of a socket, as the table has them.
  void endpoint(const Detail& detail);

  // Whether it has a port, so that nobody need ask again.
  bool local_address(int fd);

  void publish();
  // Publishes nothing; the event is over.
  void abandon();

 private:
  std::uintptr_t frame() const { return reinterpret_cast<std::uintptr_t>(this); }

  Process* process_;
  Thread* thread_;
  std::size_t used_ = 1;
  wire::Event slots_[1 + wire::kMaxContinuationSlots];
};

}  // namespace sockwatch::shim
