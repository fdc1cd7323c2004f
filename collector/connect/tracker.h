// Events of one process → its connections. A pure function over time: no clock, no I/O, no globals;
// the same observations in the same order always give the same rows.
//
// Observations come in the order of t_ns (collector/drain merges the rings). Rows are handed out
// when they changed: a connection first appears when its connect started (outcome "pending") and
// again each time it moved on, always whole and under the same id, so that whoever stores them can
// replace the row.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collector/connect/observation.h"
#include "collector/store/rows.h"

namespace sockwatch {
class Keep;
class Restore;
}  // namespace sockwatch

namespace sockwatch::connect {

// Ids for rows, unique in one trace; one counter for all processes of a recording.
struct Ids {
  std::int64_t next_connection = 1;
  std::int64_t next_resolution = 1;
  std::int64_t next_wait = 1;
  std::int64_t next_failed_call = 1;
  std::int64_t next_listener = 1;
  auto fields() {
    return fields_are(next_connection, next_resolution, next_wait, next_failed_call, next_listener);
  }
};

struct Changes {
  std::vector<store::ConnectionRow> connections;  // new or changed since the last take
  std::vector<store::ResolutionRow> resolutions;
  std::vector<store::WaitRow> waits;
  std::vector<store::ListenerRow> listeners;       // new or changed, as connections
  std::vector<store::FailedCallRow> failed_calls;  // the same
  std::vector<store::CallRow> calls;               // empty unless asked for
};

struct Options {
  bool all_calls = false;  // --detail calls: also fill Changes::calls, and all waits
};

class Tracker {
 public:
  Tracker(std::int64_t process_id, Ids& ids, Options options = {});
  ~Tracker();
  Tracker(Tracker&&) noexcept;
  Tracker& operator=(Tracker&&) noexcept;

  void apply(const Observation& observation);

  // Events of this process from before `until_ns` are lost. What ended by them is not known to have
  // gone on until the end of the process.
  void missed(std::int64_t until_ns);

  // The process is gone: what was connecting becomes `abandoned`; what was connected was closed by
  // the kernel at t_ns, and its ending follows the rules of a close. Where events are missing since
  // its start, neither is claimed: it stays `pending` or `open`. After an exec the new image
  // may go on using a descriptor unseen: connected sockets stay `open`.
  enum class End { exited, replaced };
  void process_ended(std::int64_t t_ns, End how = End::exited);

  // What changed since the last call. Rows of connections still running are included as they stand.
  Changes take();

  // Everything it knows, for a tracker of the same process in another collector, which goes on as
  // if there had been only one. keep() right after take(): rows that wait to be taken are not kept.
  // A tracker whose restore() failed must not be used. `touch`: all connections under way count as
  // changed, because whoever stores them has not got them yet.
  void keep(Keep& archive) const;
  void restore(Restore& archive, bool touch);

  // Events that named a descriptor the tracker knows nothing about (inherited, or their birth was
  // lost).
  std::uint64_t orphan_events() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sockwatch::connect
