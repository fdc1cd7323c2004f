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
#include "collector/drain/image.h"
#include "collector/drain/process.h"
#include "collector/drain/pump.h"
#include "collector/store/writer.h"

namespace sockwatch::drain {

class Recorder {
 public:
  // `directory_fd`: the checked run directory; must outlive the recorder.
  Recorder(const CollectOptions& options, int directory_fd, store::Writer writer);

  // First call, before any other: facts of the machine, or with OpenMode::resume what the trace
  // already holds. `earlier`: the losses in it.
  Status begin(const std::vector<store::LossRow>& earlier);

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
  struct Resumed {  // what an earlier collector stored of a segment
    std::int64_t process_id = 0;
    std::map<std::size_t, std::uint64_t> positions;
  };
  using ProcessId = std::int64_t;

  Status read_resumed();
  void try_open(const std::string& name, bool was_there);
  void start(SegmentFile file, bool was_there);
  store::ProcessRow describe(const SegmentFile& file, const ProcessWatch& watch,
                             std::int64_t id) const;
  void end_image(std::unique_ptr<Image> image, Pump::Intake* intake,
                 std::optional<std::int64_t> ended_ns, connect::Tracker::End how);
  void gather();
  Status save_batch();
  void tell_store_failure(const Error& error);
  void add_to_summary(const Image& image);
  void remove_stored_segments();
  void add_notes();
  bool is_there(const std::string& name) const;

  const CollectOptions options_;
  const int directory_fd_;
  store::Writer writer_;

  connect::Ids ids_;
  std::int64_t next_process_id_ = 1;
  std::map<std::string, Resumed> resumed_;
  std::map<ProcessId, Image::Losses> earlier_losses_;

  std::set<std::string> known_;  // opened or refused
  std::map<std::string, Waiting> waiting_;
  std::vector<Live> live_;
  std::vector<std::unique_ptr<Image>> ended_;       // rows not taken yet
  std::map<std::int64_t, store::ProcessRow> rows_;  // by id, all of this trace, as last taken

  Batch batch_;
  std::vector<std::string> unsaved_segments_;  // ended: to be removed once the batch is stored
  std::int64_t last_save_ns_ = 0;
  bool store_failing_ = false;
  bool store_failure_told_ = false;
  std::uint64_t unsaved_events_ = 0;

  std::uint64_t refused_ = 0;
  std::int64_t first_connection_ = 1;
  CollectSummary summary_;  // of images that are gone

  Pump pump_;  // last: its thread is joined before anything else goes
};

}  // namespace sockwatch::drain
