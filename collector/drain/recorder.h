// A recording under way: segments that appeared, the images behind them, and the trace they go to.
// One thread, which may block on the disk; the pump keeps draining meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/drain/batch.h"
#include "collector/drain/collect.h"
#include "collector/drain/exec_notes.h"
#include "collector/drain/image.h"
#include "collector/drain/logbook.h"
#include "collector/drain/process.h"
#include "collector/drain/pump.h"
#include "collector/store/writer.h"

namespace sockwatch::drain {

// Causes in table loss without a process, and keys of table trace.
inline constexpr char kRefusedCause[] = "refused_segment";
inline constexpr char kBrokenJournalCause[] = "broken_journal";
inline constexpr char kRecordingKey[] = "recording";
inline constexpr char kLostTraceCause[] = "lost_trace";
inline constexpr char kRestartsKey[] = "collector_restarts";

std::string new_recording();  // a name no other recording has

class Recorder {
 public:
  // `directory_fd`: the checked run directory; must outlive the recorder.
  Recorder(const CollectOptions& options, int directory_fd, store::Writer writer);

  // What a resumed trace holds; empty for a new one.
  struct Earlier {
    std::map<std::string, std::string> facts;
    std::vector<store::LossRow> losses;
  };
  // Of the recording whose notes are in the run directory: the trace it went to. Empty: no notes,
  // or none that can be read.
  struct NotedTrace {
    std::string path;
    std::string recording;
    bool all_calls = false;
    bool redact = false;
  };
  static std::optional<NotedTrace> noted_trace(int directory_fd);

  // First call, before any other. Takes over from a collector that died, if one left its notes in
  // the run directory; else begins, or with OpenMode::resume goes on with what the trace holds.
  Status begin(const Earlier& earlier);

  // A file of this name is in the run directory, new or changed. `was_there`: before we watched, so
  // its process may have ended at any time.
  void found(const std::string& name, bool was_there);

  // Descriptors that become readable when something has to be done at once.
  void add_descriptors(std::vector<int>& fds) const;

  // How long the caller may wait until the next tick(), in ms; -1: for ever.
  int patience_ms() const;

  // Takes in what was drained, looks for ended processes, saves when it is time.
  void tick();

  // Everything that is there, the launcher's notes, and the end of the trace.
  Result<CollectSummary> finish();

 private:
  // What waits for the trace is written at the latest when it has become so much.
  static constexpr std::uint64_t kSaveEveryEvents = 20'000;
  struct Live {
    std::unique_ptr<Image> image;
    Pump::Intake* intake;
    ProcessWatch watch;
    std::int64_t created_ns;
  };
  struct Waiting {  // a file its library has not finished making
    std::int64_t since_ns;
    bool was_there;
  };
  struct Resumed {  // what an earlier collector stored of a segment, where it left no notes
    std::int64_t process_id = 0;
    std::map<std::size_t, std::uint64_t> positions;
    auto fields() { return fields_are(process_id, positions); }
  };
  using ProcessId = std::int64_t;
  struct Heir {  // an image whose collector died
    std::unique_ptr<Image> image;
    std::int64_t created_ns;
  };
  // Everything one collector leaves to the next, apart from the images.
  struct Memory {
    std::string recording;   // in the facts of the trace too: says that they belong together
    std::string trace_path;  // absolute
    Facts facts;
    connect::Ids ids;
    std::int64_t next_process_id = 1;
    std::set<std::string> refused;           // segments that are not read
    std::map<std::string, Resumed> resumed;  // not opened yet
    std::uint64_t restarts = 0;
    store::Writer::Marks marks;  // how far the trace was when this was written
    auto fields() {
      return fields_are(recording, trace_path, facts, ids, next_process_id, refused, resumed,
                        restarts, marks);
    }
  };

  // --- recorder_restart.cpp ---
  Result<bool> take_over(const Earlier& earlier);
  Status restore(const Logbook::Left& left, const Earlier& earlier);
  void count_rows_of_lost_trace();
  bool apply_note(RecordKind kind, std::string_view bytes);
  bool apply_begin(std::string_view bytes);
  bool apply_events(std::string_view bytes);
  bool apply_end(std::string_view bytes);
  void attach(Heir heir);
  void note_begin(const Image& image, std::int64_t created_ns, const Image::Losses& earlier);
  void note_end(const Image& image, const Harvest& last, std::optional<std::int64_t> ended_ns,
                connect::Tracker::End how);
  void cut(std::int64_t now_ns);
  void keep_all();

  // --- recorder_segments.cpp ---
  void try_open(const std::string& name, bool was_there);
  void start(SegmentFile file, bool was_there);
  store::ProcessRow describe(const SegmentFile& file, const ProcessWatch& watch, std::int64_t id,
                             pid_t pid) const;
  std::vector<std::string> waiting_names() const;
  bool is_there(const std::string& name) const;

  // --- recorder.cpp ---
  Status begin_anew(const Earlier& earlier);
  Status read_resumed();
  void end_exited(Live gone, std::int64_t now_ns);
  void end_image(std::unique_ptr<Image> image, Pump::Intake* intake,
                 std::optional<std::int64_t> ended_ns, connect::Tracker::End how);
  void take_in(Image& image, Harvest harvest, std::int64_t now_ns);
  void take_rows(Image& image);
  void gather();
  void gather_and_save();
  Status save_batch();
  void tell_store_failure(const Error& error);
  std::string words_for_trace(const Error& error) const;
  void add_to_summary(const Image& image);
  bool in_the_middle() const;
  void remove_stored_segments();
  bool has_segment(const store::ProcessRow& noted) const;
  void add_unseen_programs();
  void add_notes();
  std::uint64_t refused() const;
  bool is_asleep() const;
  // No process of now has to do with what is recorded.
  bool nobody_lives() const { return of_another_boot_ || options_.recover; }

  const CollectOptions options_;
  std::string trace_path_;  // absolute
  const int directory_fd_;
  store::Writer writer_;

  Logbook logbook_;
  Memory memory_;
  std::map<ProcessId, Heir> heirs_;
  bool of_another_boot_ = false;  // only when recovering
  bool cut_ = false;              // the logbook waits for a snapshot
  std::map<ProcessId, Image::Losses> earlier_losses_;

  std::set<std::string> known_;  // opened or refused
  std::map<std::string, Waiting> waiting_;
  std::vector<Live> live_;
  std::vector<std::unique_ptr<Image>> ended_;       // rows not taken yet
  std::map<std::int64_t, store::ProcessRow> rows_;  // by id, all of this trace, as last taken

  ExecNotes exec_notes_;
  Batch batch_;
  std::vector<std::string> unsaved_segments_;  // ended: to be removed once the batch is stored
  std::int64_t last_save_ns_ = 0;
  bool store_failing_ = false;
  bool store_failure_told_ = false;
  std::uint64_t unsaved_events_ = 0;

  std::uint64_t refused_before_ = 0;  // by collectors that left no names of them
  std::uint64_t broken_journals_ = 0;
  std::int64_t first_connection_ = 1;
  std::int64_t last_event_ns_ = 0;  // of images that are gone
  CollectSummary summary_;          // of images that are gone

  Pump pump_;  // last: its thread is joined before anything else goes
};

}  // namespace sockwatch::drain
