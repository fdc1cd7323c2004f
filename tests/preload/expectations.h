// What a run under the library should have left behind, and whether it did.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shim/wire/exec_note.h"
#include "tests/preload/read_segment.h"
#include "tests/preload/run_directory.h"
#include "tests/preload/run_program.h"

namespace sockwatch::preload {

// At least `times` events of all segments look like this; what is not set is not compared.
class Expected {
 public:
  explicit Expected(wire::Op op) : op_(op) {}
  Expected& error(int error) { return error_ = error, *this; }
  Expected& result(std::int64_t result) { return result_ = result, *this; }
  Expected& fd(int fd) { return fd_ = fd, *this; }
  Expected& flags(unsigned flags) { return flags_ = flags, *this; }
  Expected& without(unsigned flags) { return without_ = flags, *this; }
  Expected& detail(unsigned bits) { return detail_ = bits, *this; }
  Expected& tcp() { return tcp_ = true, *this; }          // with a TcpPicture
  Expected& peer() { return peer_ = true, *this; }        // with the address of the peer
  Expected& local() { return local_ = true, *this; }      // with an own address
  Expected& entries() { return entries_ = true, *this; }  // with the descriptors of a wait
  // A send after a pause at least that long, with the state the connection was in.
  Expected& paused(std::uint64_t at_least_ns, std::uint8_t state) {
    return idle_ns_ = at_least_ns, state_before_ = state, *this;
  }
  Expected& times(std::size_t times) { return times_ = times, *this; }
  Expected& never() { return times(0); }  // there is none like this

  bool matches(const RecordedEvent& recorded) const;
  std::size_t times() const { return times_; }
  std::string describe() const;

 private:
  wire::Op op_;
  std::optional<int> error_;
  std::optional<std::int64_t> result_;
  std::optional<int> fd_;
  unsigned flags_ = 0;
  unsigned without_ = 0;
  unsigned detail_ = 0;
  bool tcp_ = false;
  bool peer_ = false;
  bool local_ = false;
  bool entries_ = false;
  std::optional<std::uint64_t> idle_ns_;
  std::uint8_t state_before_ = 0;
  std::size_t times_ = 1;
};

struct Recording {
  std::size_t fewest_segments = 1;
  std::size_t most_segments = 1;
  std::size_t most_slots = wire::kSlotCount;  // used in any one segment
  std::vector<Expected> events;
  std::vector<wire::Loss> may_lose;
  std::vector<wire::Loss> must_lose;
  std::uint64_t most_nested = ~std::uint64_t{0};  // lost by Loss::nested, if that may be
  struct Times {
    std::size_t fewest, most;
  };
  std::map<wire::ExecWhy, Times> notes;  // of programs that are not seen
  bool sandboxed = false;                // the header says from when on we kept quiet

  // Shorthands for tables.
  static Recording of(std::vector<Expected> events) {
    Recording recording;
    recording.events = std::move(events);
    return recording;
  }
  Recording& segments(std::size_t count) { return segments(count, count); }
  Recording& segments(std::size_t fewest, std::size_t most) {
    fewest_segments = fewest;
    most_segments = most;
    return *this;
  }
  Recording& slots(std::size_t most) { return most_slots = most, *this; }
  Recording& may(std::vector<wire::Loss> causes) { return may_lose = std::move(causes), *this; }
  Recording& must(std::vector<wire::Loss> causes) { return must_lose = std::move(causes), *this; }
  // Programs become or started; those whose call failed do not count.
  Recording& noted(wire::ExecWhy why, std::size_t count) { return noted(why, count, count); }
  Recording& noted(wire::ExecWhy why, std::size_t fewest, std::size_t most) {
    return notes[why] = {fewest, most}, *this;
  }
  // A handler must come within the few instructions of a push.
  Recording& hardly_nested(std::uint64_t most) { return most_nested = most, *this; }
  Recording& in_sandbox() { return sandboxed = true, *this; }
};

// Compares the directory with what was expected of `run`: names, modes, layout, times within the
// run, losses, events. One line for everything that is otherwise; empty when all is well.
std::vector<std::string> compare(const RunDirectory& directory, const ProgramRun& run,
                                 const Recording& expected);

}  // namespace sockwatch::preload
