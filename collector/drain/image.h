// One process image being recorded: from what was drained out of its segment to rows of the trace.
//
// An exec makes a new image, with a segment and a row in `process` of its own.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/connect/tracker.h"
#include "collector/drain/batch.h"
#include "collector/drain/decode.h"
#include "collector/drain/merge.h"
#include "collector/drain/segment_reader.h"

namespace sockwatch {
class Keep;
class Restore;
}  // namespace sockwatch

namespace sockwatch::drain {

// Stands in PositionRow::slot for "sequence is the id of the process row": how a restarted
// collector finds the row that belongs to a segment.
inline constexpr std::int64_t kProcessOfSegment = -1;

class Image {
 public:
  using Losses = std::map<std::string, std::uint64_t>;  // by cause

  // `row` needs id and coverage. `ids` is shared by all images of a recording and outlives them.
  // `earlier`: what an earlier collector counted for this image.
  Image(store::ProcessRow row, std::string segment, connect::Ids& ids, connect::Options options,
        Losses earlier = {});

  const store::ProcessRow& row() const { return row_; }
  const std::string& segment() const { return segment_; }

  // Merges, decodes and applies what may be applied by now, but not many more than kMostAtOnce
  // events; returns how many observations. While has_more(), go_on() does the rest, after the rows
  // so far were taken: they need ten times the room of the events.
  static constexpr std::size_t kMostAtOnce = 10'000;
  std::uint64_t accept(Harvest harvest, std::int64_t now_ns);
  std::uint64_t go_on(std::int64_t now_ns);
  bool has_more() const { return has_more_; }
  // Events that wait for the others of their time, or for go_on(): slots.
  std::size_t held() const { return merge_.held(); }

  // By slot: what an earlier collector stored, although this image knows nothing of it. Before
  // anything is accepted.
  void go_on_from(std::map<std::size_t, std::uint64_t> stored) { accepted_ = std::move(stored); }

  // The same for what an earlier collector noted and this one reads again: what is known already is
  // left out, and what is missing in between is counted. ring < wire::kSlotCount.
  std::uint64_t accept_noted(NotedEvents noted, std::int64_t now_ns);

  // By slot: the sequence number up to which events were accepted.
  const std::map<std::size_t, std::uint64_t>& accepted() const { return accepted_; }

  // Its segment cannot be read any more: whatever was still in it is missing.
  void lose_segment();

  auto fields() {
    return fields_are(row_, segment_, Skipped<connect::Tracker>(), merge_, Skipped<Merge::Each>(),
                      accepted_, last_event_ns_, applied_, malformed_, told_, totals_, row_changed_,
                      Skipped<bool>(), Skipped<std::vector<std::int64_t>>(), Skipped<Losses>(),
                      earlier_losses_, Skipped<bool>(), Skipped<Decoder>());
  }
  // Everything it knows, right after take(). restore() into an image made for the same row; one
  // whose restore() returned false must not be used. `touch`: see Tracker::restore.
  void keep(Keep& archive) const;
  bool restore(Restore& archive, bool touch);

  // What is counted for an image of which something was lost with its collector.
  static constexpr char kRestartCause[] = "collector_restart";

  // The recording stops while the process goes on: all that was drained is applied.
  void stop(Harvest harvest, std::int64_t now_ns);

  // The process is gone, or another image took its place. `ended_ns` empty: nobody knows when.
  void end(Harvest harvest, std::optional<std::int64_t> ended_ns, connect::Tracker::End how);

  // Moves what changed since the last call into `batch`.
  void take(Batch& batch);

  std::uint64_t applied() const { return applied_; }             // observations
  std::uint64_t lost() const;                                    // over all causes but `late`
  std::int64_t last_event_ns() const { return last_event_ns_; }  // 0: none

 private:
  void add(Harvest& harvest, std::int64_t now_ns);
  void add_ring(std::size_t ring, std::vector<wire::Event> events, std::int64_t now_ns);
  void apply(std::size_t ring, std::span<const wire::Event> publications);
  void apply(std::span<const wire::Event> publication);
  Losses losses() const;

  store::ProcessRow row_;
  std::string segment_;
  connect::Tracker tracker_;
  Merge merge_;
  Merge::Each apply_;

  std::map<std::size_t, std::uint64_t> accepted_;
  std::int64_t last_event_ns_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t malformed_ = 0;
  // Losses as the stream tells them, at the place where events are missing; the counters beside the
  // stream are totals of the same.
  std::array<std::uint64_t, wire::kLossCauses> told_{};
  Harvest totals_;  // counters of the last harvest; its rings are empty

  bool row_changed_ = true;
  bool segment_changed_ = true;      // since the last take
  std::vector<std::int64_t> moved_;  // by slot: up to where it was applied, if since the last take
  Losses saved_losses_;
  Losses earlier_losses_;
  bool has_more_ = false;
  Decoder decoder_;
};

}  // namespace sockwatch::drain
